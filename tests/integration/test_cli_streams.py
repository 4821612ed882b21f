# SPDX-License-Identifier: LGPL-2.1-or-later
"""Standard streams that are closed or go nowhere: nothing else is written to in their place, and nobody is waited for."""
import subprocess

import pytest


@pytest.fixture
def client(service, cg_import, tmp_path):
    """client('list') as a command with the service's address and token."""
    token = tmp_path / 'token'
    token.write_text(service.token + '\n')
    token.chmod(0o600)

    def command(verb, *arguments):
        return [str(cg_import.path), verb, '--service', service.url, '--token-file', str(token), *map(str, arguments)]
    return command


def test_without_standard_streams_the_result_is_not_written_elsewhere(cg_import, sandbox_hub, make_build):
    directory = make_build(release='1')
    command = cg_import.command(sandbox_hub, 'import', '--quiet', directory / 'metadata.json', directory)
    done = subprocess.run(['sh', '-c', 'exec "$@" <&- >&-', 'sh', *command], stderr=subprocess.PIPE, text=True,
                          env=cg_import.environment(sandbox_hub), timeout=120)
    assert (done.returncode, done.stderr) == (2, 'cg-import: cannot write to standard output\n')
    assert sandbox_hub.call('getBuild', 'test-container-1.0-1')['state'] == 1


def test_watch_ends_when_nobody_reads_it_any_more(client, service, make_build):
    stray = service.hub.build_path('test-container-1.0-1')
    stray.mkdir(parents=True)
    (stray / 'left').write_text('x')
    posted = service.post(make_build()).json()
    assert service.wait(posted['id'])['state'] == 'held'
    watch = subprocess.Popen(client('watch', posted['id']), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env=service.environment())
    while ' held ' not in watch.stdout.readline():
        continue
    watch.stdout.close()
    # It notices at the next event; the import is not over then.
    assert service.request('POST', '/v1/imports/%s/release' % posted['id']).status in (200, 202)
    assert watch.wait(timeout=60) == 2
    assert 'what happens cannot be told: nobody reads it any more [CG_E_IO]' in watch.stderr.read()
    watch.stderr.close()
    assert service.show(posted['id'])['state'] not in ('imported', 'rejected', 'canceled')
