// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// makeLog writes a log of made-up entries, with states/N, its checkpoint at size N, for each power of two.
func makeLog(arguments []string) error {
	if len(arguments) < 3 {
		return fmt.Errorf("usage: make DIRECTORY NAME SIZE [KEYFILE]")
	}
	directory, name := arguments[0], arguments[1]
	size, err := strconv.ParseInt(arguments[2], 10, 64)
	if err != nil {
		return err
	}
	signer, vkey, err := newSigner(name, arguments[3:])
	if err != nil {
		return err
	}
	var hashes stored
	var entries [][]byte
	for index := int64(0); index < size; index++ {
		entries = append(entries, []byte(fmt.Sprintf(`{"made":"by Go","n":%d}`, index)))
		if err := hashes.add(index, entries[index]); err != nil {
			return err
		}
	}
	for _, write := range []func() error{
		func() error { return writeTiles(directory, hashes, entries) },
		func() error { return writeStates(directory, name, signer, hashes, size) },
		func() error { return writeProofs(directory, hashes, entries) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	fmt.Println(vkey)
	return nil
}

// newSigner makes a key, or takes the one in a file; then no verifier key is told.
func newSigner(name string, files []string) (note.Signer, string, error) {
	var private, vkey string
	var err error
	if len(files) > 0 {
		var content []byte
		content, err = os.ReadFile(files[0])
		private = strings.TrimSpace(string(content))
	} else {
		private, vkey, err = note.GenerateKey(rand.Reader, name)
	}
	if err != nil {
		return nil, "", err
	}
	signer, err := note.NewSigner(private)
	return signer, vkey, err
}

func writeFile(directory, name string, content []byte) error {
	path := filepath.Join(directory, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

func writeTiles(directory string, hashes stored, entries [][]byte) error {
	for _, tile := range tlog.NewTiles(height, 0, int64(len(entries))) {
		content, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		if err := writeFile(directory, tilePath(tile), content); err != nil {
			return err
		}
		if tile.L > 0 {
			continue
		}
		var bundle []byte
		for _, entry := range entries[tile.N<<height : tile.N<<height+int64(tile.W)] {
			bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry...)
		}
		tile.L = -1
		if err := writeFile(directory, tilePath(tile), bundle); err != nil {
			return err
		}
	}
	return nil
}

func writeStates(directory, name string, signer note.Signer, hashes stored, size int64) error {
	states := []int64{size}
	for state := int64(1); state < size; state *= 2 {
		states = append(states, state)
	}
	for _, state := range states {
		root, err := tlog.TreeHash(state, hashes)
		if err != nil {
			return err
		}
		signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", name, state, root)}, signer)
		if err != nil {
			return err
		}
		if err := writeFile(directory, fmt.Sprintf("states/%d", state), signed); err != nil {
			return err
		}
	}
	return os.Rename(filepath.Join(directory, "states", fmt.Sprint(size)), filepath.Join(directory, "checkpoint"))
}

func writeProofs(directory string, hashes stored, entries [][]byte) error {
	checkpoint, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return err
	}
	for index, entry := range entries {
		path, err := tlog.ProveRecord(int64(len(entries)), int64(index), hashes)
		if err != nil {
			return err
		}
		text := formatProof(int64(index), entry, path, string(checkpoint))
		if err := writeFile(directory, fmt.Sprintf("proofs/%d.tlog-proof", index), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}
