// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// published is a log in a directory, as C2SP tlog-tiles names its files; a tlog.TileReader.
type published struct{ directory string }

func (p published) Height() int { return height }

// tilePath is that of the checksum database without the height, and "entries" for its "data".
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func (p published) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		content, err := os.ReadFile(filepath.Join(p.directory, tilePath(tile)))
		if err != nil {
			return nil, err
		}
		data = append(data, content)
	}
	return data, nil
}

func (p published) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

// entries returns the entries of every bundle of a log of that size.
func (p published) entries(size int64) ([][]byte, error) {
	var entries [][]byte
	for n := int64(0); n<<height < size; n++ {
		width := size - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		bundle, err := p.ReadTiles([]tlog.Tile{{H: height, L: -1, N: n, W: int(width)}})
		if err != nil {
			return nil, err
		}
		for rest := bundle[0]; len(rest) > 0; {
			if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
				return nil, fmt.Errorf("entry %d is cut short", len(entries))
			}
			length := 2 + int(binary.BigEndian.Uint16(rest))
			entries = append(entries, rest[2:length])
			rest = rest[length:]
		}
	}
	if int64(len(entries)) != size {
		return nil, fmt.Errorf("%d entries, and %d are signed", len(entries), size)
	}
	return entries, nil
}

func judgeLog(arguments []string) error {
	if len(arguments) < 2 {
		return fmt.Errorf("usage: log DIRECTORY VKEY...")
	}
	log := published{arguments[0]}
	text, err := os.ReadFile(filepath.Join(log.directory, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(text, arguments[1:])
	if err != nil {
		return err
	}
	entries, err := log.entries(tree.N)
	if err != nil {
		return err
	}
	for index, entry := range entries {
		if err := judgeEntry(log, tree, int64(index), entry); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	for size := int64(1); size <= tree.N; size++ {
		if err := judgeState(log, tree, size, entries); err != nil {
			return fmt.Errorf("when it had %d entries: %w", size, err)
		}
	}
	fmt.Printf("%d entries, root %s\n", tree.N, tree.Hash)
	return nil
}

// judgeEntry proves the entry from the tiles, which TileHashReader holds against the root, and has both libraries
// verify the proof.
func judgeEntry(log published, tree tlog.Tree, index int64, entry []byte) error {
	path, err := tlog.ProveRecord(tree.N, index, tlog.TileHashReader(tree, log))
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	return checkInclusion(path, tree, index, entry)
}

func checkInclusion(path []tlog.Hash, tree tlog.Tree, index int64, entry []byte) error {
	hasher := rfc6962.DefaultHasher
	return proof.VerifyInclusion(hasher, uint64(index), uint64(tree.N), hasher.HashLeaf(entry), slices(path), tree.Hash[:])
}

// judgeState proves that the log continues what it was at an earlier size, whose root is made from the entries.
func judgeState(log published, tree tlog.Tree, size int64, entries [][]byte) error {
	old, err := tlog.TreeHash(size, tlog.TileHashReader(tree, log))
	if err != nil {
		return err
	}
	made, err := rootOf(entries[:size])
	if err != nil {
		return err
	}
	if old != made {
		return fmt.Errorf("tiles lead to root %s, entries to %s", old, made)
	}
	path, err := tlog.ProveTree(tree.N, size, tlog.TileHashReader(tree, log))
	if err != nil {
		return err
	}
	return checkGrowth(path, tlog.Tree{N: size, Hash: old}, tree)
}

func checkGrowth(path []tlog.Hash, old, new tlog.Tree) error {
	if err := tlog.CheckTree(path, new.N, new.Hash, old.N, old.Hash); err != nil {
		return err
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.N), uint64(new.N), slices(path), old.Hash[:], new.Hash[:])
}

func slices(hashes []tlog.Hash) [][]byte {
	var made [][]byte
	for _, hash := range hashes {
		made = append(made, append([]byte(nil), hash[:]...))
	}
	return made
}
