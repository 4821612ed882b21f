// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Types of keys, C2SP signed-note.
const (
	typeEd25519     = 1
	typeCosignature = 4
)

// cosigner verifies and, when it has a private key, makes cosignature/v1, which sumdb/note does not know.
type cosigner struct {
	name    string
	key     ed25519.PublicKey
	private ed25519.PrivateKey
	time    uint64
}

func (c *cosigner) Name() string { return c.name }

func (c *cosigner) KeyHash() uint32 {
	hash := sha256.Sum256(append([]byte(c.name+"\n"), c.encoded()...))
	return binary.BigEndian.Uint32(hash[:])
}

func (c *cosigner) encoded() []byte { return append([]byte{typeCosignature}, c.key...) }

func (c *cosigner) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", c.name, c.KeyHash(), base64.StdEncoding.EncodeToString(c.encoded()))
}

func cosigned(time uint64, message []byte) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), message...)
}

func (c *cosigner) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	return ed25519.Verify(c.key, cosigned(time, message), signature[8:])
}

func (c *cosigner) Sign(message []byte) ([]byte, error) {
	signature := make([]byte, 8)
	binary.BigEndian.PutUint64(signature, c.time)
	return append(signature, ed25519.Sign(c.private, cosigned(c.time, message))...), nil
}

func newVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) == 3 {
		key, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(key) == 1+ed25519.PublicKeySize && key[0] == typeCosignature {
			made := &cosigner{name: parts[0], key: key[1:]}
			if made.vkey() != vkey {
				return nil, fmt.Errorf("%s is not of that key: expected %s", vkey, made.vkey())
			}
			return made, nil
		}
	}
	return note.NewVerifier(vkey)
}

// openCheckpoint returns the tree of a note that every one of the keys signed.
func openCheckpoint(text []byte, vkeys []string) (tlog.Tree, error) {
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := newVerifier(vkey)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(vkeys) {
		return tlog.Tree{}, fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(vkeys))
	}
	return parseCheckpoint(opened.Text)
}

// parseCheckpoint reads a C2SP checkpoint of any origin: tlog.ParseTree wants that of the Go checksum database.
func parseCheckpoint(text string) (tlog.Tree, error) {
	_, body, _ := strings.Cut(text, "\n")
	return tlog.ParseTree([]byte("go.sum database tree\n" + body))
}
