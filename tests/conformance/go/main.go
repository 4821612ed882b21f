// SPDX-License-Identifier: LGPL-2.1-or-later

// Transparency logs by golang.org/x/mod/sumdb and github.com/transparency-dev/merkle: the other side of the tests of
// our own code. What they do not have (C2SP tlog-proof, cosignatures, add-checkpoint) is written here from the
// specifications.
//
//	go-verifiers log DIRECTORY VKEY...              a published log: note, every tile, entry and proof of it
//	go-verifiers proofs VKEY... -- FILE...          .tlog-proof files
//	go-verifiers growth VKEY... -- FILE...          answers of /v1/audit/consistency
//	go-verifiers make DIRECTORY NAME SIZE [KEYFILE] a log, with proofs/N.tlog-proof; prints the verifier key
//	go-verifiers witness NAME VKEY                  serves add-checkpoint; prints its verifier key and address
//
// Every VKEY must have signed. The exit status is 1, and standard error says why, when anything is not as it must be.
package main

import (
	"fmt"
	"os"
)

var verbs = map[string]func(arguments []string) error{
	"log": judgeLog, "proofs": judgeProofs, "growth": judgeGrowth, "make": makeLog, "witness": serveWitness,
}

func main() {
	err := fmt.Errorf("usage: go-verifiers log|proofs|growth|make|witness ...")
	if len(os.Args) > 1 && verbs[os.Args[1]] != nil {
		err = verbs[os.Args[1]](os.Args[2:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-verifiers:", err)
		os.Exit(1)
	}
}
