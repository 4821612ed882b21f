// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The first line of a C2SP tlog-proof.
const proofHeader = "c2sp.org/tlog-proof@v1"

// keysAndFiles splits "VKEY... -- FILE...".
func keysAndFiles(arguments []string) (keys, files []string, err error) {
	for i, argument := range arguments {
		if argument == "--" && i > 0 && i+1 < len(arguments) {
			return arguments[:i], arguments[i+1:], nil
		}
	}
	return nil, nil, fmt.Errorf("usage: proofs|growth VKEY... -- FILE...")
}

func judgeFiles(arguments []string, judge func(content []byte, vkeys []string) error) error {
	vkeys, files, err := keysAndFiles(arguments)
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil {
			err = judge(content, vkeys)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	fmt.Printf("%d files\n", len(files))
	return nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func judgeProofs(arguments []string) error { return judgeFiles(arguments, judgeProof) }

// judgeProof verifies a .tlog-proof, whose leaf is in its "extra" line.
func judgeProof(content []byte, vkeys []string) error {
	head, checkpoint, _ := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || lines[0] != proofHeader || !strings.HasPrefix(lines[1], "extra ") ||
		!strings.HasPrefix(lines[2], "index ") {
		return fmt.Errorf("this is no tlog-proof with a leaf")
	}
	leaf, err := base64.StdEncoding.DecodeString(lines[1][len("extra "):])
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(lines[2][len("index "):], 10, 64)
	if err != nil {
		return err
	}
	path, err := parseHashes(lines[3:])
	if err != nil {
		return err
	}
	tree, err := openCheckpoint([]byte(checkpoint), vkeys)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return err
	}
	return checkInclusion(path, tree, index, leaf)
}

func formatProof(index int64, leaf []byte, path []tlog.Hash, checkpoint string) string {
	lines := []string{proofHeader, "extra " + base64.StdEncoding.EncodeToString(leaf), fmt.Sprintf("index %d", index)}
	for _, hash := range path {
		lines = append(lines, hash.String())
	}
	return strings.Join(lines, "\n") + "\n\n" + checkpoint
}

// growth is an answer of /v1/audit/consistency, with the root at `from` put in by who asked.
type growth struct {
	From, To   int64
	Root       string
	Hashes     []string
	Checkpoint string
}

func judgeGrowth(arguments []string) error { return judgeFiles(arguments, judgeAnswer) }

func judgeAnswer(content []byte, vkeys []string) error {
	var answer growth
	if err := json.Unmarshal(content, &answer); err != nil {
		return err
	}
	path, err := parseHashes(answer.Hashes)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(answer.Root)
	if err != nil {
		return err
	}
	tree, err := openCheckpoint([]byte(answer.Checkpoint), vkeys)
	if err != nil {
		return err
	}
	if tree.N != answer.To {
		return fmt.Errorf("the proof is to size %d, the checkpoint of size %d", answer.To, tree.N)
	}
	return checkGrowth(path, tlog.Tree{N: answer.From, Hash: root}, tree)
}
