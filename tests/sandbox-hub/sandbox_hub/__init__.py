# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small Koji hub for tests and demonstrations.

It answers on the wire as a Koji hub does, keeps its records in memory and its files in the tree that Koji uses,
and can be told to misbehave.  It listens on the loopback address only and is no server to keep anything in.

    main        the command line; certificates by pki
    transport   sockets and TLS; http reads requests and writes replies
    server      one request after the other: log, faults, hub or web
    dispatch    from a call to its answer: session, transaction, method, fault; wire is the XML-RPC
    hub         options and flavour; state holds the tables, paths the tree, columns what a row may hold
    sessions    login, call numbers, renewal, exclusiveness, sub-sessions
    uploads     raw uploads, uploadFile, checkUpload
    builds      looking up, reserving, refunding, cancelling and promoting builds
    importer    CGImport
    archives    archive types, build types, archives and logs
    tags        tags, package lists, tagging tasks
    queries     what only looks
    faults      what goes wrong on request
    web         /kojifiles, /koji/buildinfo and the /sandbox pages
"""
