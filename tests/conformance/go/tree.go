// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

// stored holds the hashes of a tree as tlog.StoredHashes numbers them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes = append(hashes, s[index])
	}
	return hashes, nil
}

func (s *stored) add(index int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(index, entry, *s)
	*s = append(*s, hashes...)
	return err
}

// rootOf is the root over entries, by transparency-dev's compact range.
func rootOf(entries [][]byte) (tlog.Hash, error) {
	hasher := rfc6962.DefaultHasher
	factory := compact.RangeFactory{Hash: hasher.HashChildren}
	tree := factory.NewEmptyRange(0)
	for _, entry := range entries {
		if err := tree.Append(hasher.HashLeaf(entry), nil); err != nil {
			return tlog.Hash{}, err
		}
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return tlog.Hash{}, err
	}
	var made tlog.Hash
	copy(made[:], root)
	return made, nil
}
