# SPDX-License-Identifier: LGPL-2.1-or-later
"""What /metrics of a whole service tells of the work that its process did."""
import re
import signal

FAILURE = 'cg_import_hub_errors_total{code="CG_E_HUB_REFUSED",fault="1000"}'
BUCKETS = re.compile(r'cg_import_step_duration_seconds_bucket\{step="(\w+)",le="([^"]+)"\}')


def samples(service):
    reply = service.request('GET', '/metrics')
    assert reply.status == 200
    lines = [line.rpartition(' ') for line in reply.body.decode().splitlines() if not line.startswith('#')]
    return {name: float(value) for name, _, value in lines}


def count(found, step):
    return found.get('cg_import_step_duration_seconds_count{step="%s"}' % step, 0)


def done(service, reply):
    assert reply.status == 202, reply.body
    return service.wait(reply.json()['id'])['state']


def test_steps_bytes_and_duplicates_are_counted(service, make_build):
    build = make_build(size=100000)
    assert done(service, service.post(build)) == 'imported'
    assert service.post(build).json()['state'] == 'imported'
    found = samples(service)
    for step in ('check', 'ask', 'upload', 'import', 'verify'):
        assert count(found, step) == 1, found
    assert found['cg_import_hub_sent_bytes_total'] >= 100000
    assert found['cg_import_content_received_bytes_total'] >= 100000
    assert found['cg_import_imports_deduplicated_total'] == 1
    assert FAILURE not in found
    for name, value in found.items():
        step = BUCKETS.fullmatch(name)
        if step and step.group(2) == '+Inf':
            assert value == count(found, step.group(1))


def test_what_the_hub_refused_is_counted_by_code_and_fault(service, make_build):
    service.hub.arm('fault', 'CGImport', code=1000, text='No typeinfo for: x')
    assert done(service, service.post(make_build(release='refused'))) == 'rejected'
    found = samples(service)
    assert found[FAILURE] == 1
    # The step that failed is counted like the others, the one that was never begun is not.
    assert (count(found, 'import'), count(found, 'verify')) == (1, 0)


def test_counts_outlive_a_reload(service, make_build):
    assert done(service, service.post(make_build(release='before'))) == 'imported'
    service.signal(signal.SIGHUP)
    service.wait_log('reloaded')
    assert done(service, service.post(make_build(release='after'))) == 'imported'
    assert count(samples(service), 'import') == 2
