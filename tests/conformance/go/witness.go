// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// witness cosigns one log, C2SP tlog-witness; what it has seen it keeps in memory.
type witness struct {
	cosigner
	vkey string
	mu   sync.Mutex
	seen tlog.Tree
}

// serveWitness ends with its standard input.
func serveWitness(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: witness NAME VKEY")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	w := &witness{cosigner: cosigner{name: arguments[0], key: public, private: private}, vkey: arguments[1]}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	http.HandleFunc("/add-checkpoint", w.answer)
	fmt.Printf("%s http://%s\n", w.cosigner.vkey(), listener.Addr())
	failed := make(chan error, 2)
	go func() { failed <- http.Serve(listener, nil) }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	return <-failed
}

// refusal is an HTTP status and what is answered with it.
type refusal struct {
	status int
	body   string
}

func (w *witness) answer(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
	if err != nil || request.Method != http.MethodPost {
		response.WriteHeader(http.StatusBadRequest)
		return
	}
	lines, refused := w.judge(string(body))
	if refused.status == http.StatusConflict {
		response.Header().Set("Content-Type", "text/x.tlog.size")
	}
	if refused.status != 0 {
		response.WriteHeader(refused.status)
		lines = refused.body
	}
	io.WriteString(response, lines)
}

// parseRequest returns the old size, the proof and the note.
func parseRequest(body string) (int64, []tlog.Hash, string, error) {
	head, checkpoint, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || !strings.HasPrefix(lines[0], "old ") || len(lines) > 1+63 {
		return 0, nil, "", fmt.Errorf("this is no request")
	}
	old, err := strconv.ParseInt(lines[0][len("old "):], 10, 64)
	if err != nil || old < 0 {
		return 0, nil, "", fmt.Errorf("no size: %s", lines[0])
	}
	path, err := parseHashes(lines[1:])
	return old, path, checkpoint, err
}

// judge returns the signature lines, or why there are none.
func (w *witness) judge(body string) (string, refusal) {
	old, path, text, err := parseRequest(body)
	if err != nil {
		return "", refusal{http.StatusBadRequest, err.Error()}
	}
	if origin, _, _ := strings.Cut(text, "\n"); !strings.HasPrefix(w.vkey, origin+"+") {
		return "", refusal{http.StatusNotFound, ""}
	}
	tree, err := openCheckpoint([]byte(text), []string{w.vkey})
	if err != nil {
		return "", refusal{http.StatusForbidden, err.Error()}
	}
	if old > tree.N {
		return "", refusal{http.StatusBadRequest, "it shrinks"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old != w.seen.N || (old == tree.N && old > 0 && tree.Hash != w.seen.Hash) {
		return "", refusal{http.StatusConflict, fmt.Sprintf("%d\n", w.seen.N)}
	}
	if !w.continues(path, tree) {
		return "", refusal{http.StatusUnprocessableEntity, ""}
	}
	w.seen, w.time = tree, uint64(time.Now().Unix())
	return w.cosign(text)
}

func (w *witness) continues(path []tlog.Hash, tree tlog.Tree) bool {
	if w.seen.N == 0 {
		return len(path) == 0
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(w.seen.N), uint64(tree.N), slices(path),
		w.seen.Hash[:], tree.Hash[:]) == nil
}

func (w *witness) cosign(text string) (string, refusal) {
	message, _, _ := strings.Cut(text, "\n\n")
	signed, err := note.Sign(&note.Note{Text: message + "\n"}, &w.cosigner)
	if err != nil {
		return "", refusal{http.StatusInternalServerError, err.Error()}
	}
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	return lines, refusal{}
}
