# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small Koji hub for tests and demonstrations.

It answers on the wire as a Koji hub does, keeps its records in memory and its files in the tree that Koji uses,
and can be told to misbehave.  It listens on the loopback address only and is no server to keep anything in.

    transport   sockets, TLS, HTTP/1.1 requests and replies
    wire        XML-RPC as Koji marshals it
    dispatch    from a request to a method and back: sessions, transactions, faults, multiCall
    state       the tables and their transactions
    sessions    login, call numbers, renewal, exclusiveness, sub-sessions
    uploads     raw uploads, uploadFile, checkUpload
    builds      reserving, refunding, cancelling and looking up builds
    importer    CGImport
    archives    archive types, build types, archives and logs
    tags        tags, package lists, tagging tasks
    misc calls  queries
    faults      what goes wrong on request
    web         /kojifiles, /koji/buildinfo and the /sandbox pages
"""
