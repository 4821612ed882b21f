// What verifies our logs, and makes logs for us to verify, with the libraries of other people, in versions that Go 1.19
// (Debian 12) builds.
module cg-import/tests/conformance/go

go 1.19

require (
	github.com/transparency-dev/merkle v0.0.2
	golang.org/x/mod v0.20.0
)
