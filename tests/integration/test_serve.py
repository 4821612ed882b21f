# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service as a process: start, ready, drain, reload, killed and started again, its private PostgreSQL."""


def test_a_build_is_posted_and_imported(service, make_build):
    build = make_build()
    reply = service.post(build)
    assert reply.status == 202, reply.body
    done = service.wait(reply.json()['id'])
    assert done['state'] == 'imported', service.log()
    assert service.hub.call('getBuild', done['nvr'])['id'] == done['build_id']
