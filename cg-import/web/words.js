// SPDX-License-Identifier: LGPL-2.1-or-later
// What states, reasons, steps and decisions mean, in words. The reasons and what to do are those of docs/operations.md; `actions`
// are the ones that a release may take then, the usual one first.

export const ACTIONS = {
  retry: 'Try again as it is: the cause was mended',
  'cure-stray': 'Have the hub remove the stray files: it is sure that no import of this build runs',
  forget: 'Begin anew: it is sure that nothing of the earlier attempt runs or is left on the hub',
  'mark-imported': 'The build is on the hub, complete: take it as this import’s',
};

export const HELD = {
  'unknown-outcome': {name: 'outcome unknown', actions: ['retry', 'mark-imported', 'forget'],
    text: 'CGImport was sent, no answer came, and the hub did not tell what became of it. Look with koji buildinfo: is the build '
      + 'there and complete, mark it imported; is it in state BUILDING, wait and try again; is nothing there and the request over, begin anew.'},
  'stray-files': {name: 'stray files', actions: ['cure-stray', 'retry'],
    text: 'Files of an import that died lie in the build’s directory on the hub. Make sure that no import of this build runs, by '
      + 'whatever client; then have the hub remove them, or remove the directory by hand and try again.'},
  reserved: {name: 'reserved by someone else', actions: ['retry'],
    text: 'Someone else reserved this NVR or builds it; koji buildinfo names the owner. When they are done with it, try again. If they '
      + 'finished it, cancel this import.'},
  'reservation-lost': {name: 'reservation lost', actions: ['retry', 'forget'],
    text: 'The hub dropped the token of our reservation but keeps the build in state BUILDING. Cancel the build there (koji cancel), '
      + 'then try again.'},
  conflict: {name: 'conflict', actions: ['mark-imported', 'retry'],
    text: 'This NVR is on the hub with other content. Is the hub’s the right one, cancel this import; is it this very build, imported by '
      + 'other means, mark it imported.'},
  credentials: {name: 'not let in by the hub', actions: ['retry'],
    text: 'The hub does not let the service in, or not to this content generator, or a profile or certificate is wrong. cg-import hub says '
      + 'which. Mend it, then try again.'},
  tag: {name: 'not tagged', actions: ['retry', 'mark-imported'],
    text: 'The build is imported; tagging it failed. Mend the tag, or tag it by hand, and try again, which tags and does nothing else. If '
      + 'it shall have no tag, mark it imported.'},
  exhausted: {name: 'given up for now', actions: ['retry'],
    text: 'Temporary failures went on for too long, or the hub broke on the request again and again. When the cause is mended, try again.'},
  'content-lost': {name: 'content lost', actions: ['retry'],
    text: 'A posted file is gone from the service’s store, or its bytes changed. Try again: the import then waits for what is gone, and '
      + 'the build has to be posted once more.'},
};

export const STEPS = {
  check: 'Check the document and the files',
  ask: 'Ask the hub for the build',
  recover: 'Find out what the attempt before left',
  upload: 'Upload to the hub',
  reserve: 'Reserve the NVR',
  import: 'Import (CGImport)',
  verify: 'Verify the build on the hub',
  tag: 'Tag the build',
};

// What an import does now, one line; for the head of its page.
export function doing(found) {
  switch (found.state) {
    case 'receiving': return 'Waits for its outputs.';
    case 'queued': return found.error ? 'Will be tried again.' : 'Waits for its turn.';
    case 'running': return found.step ? `${STEPS[found.step] ?? found.step} …` : 'Begins.';
    case 'imported': return 'The build is on the hub.';
    case 'rejected': return 'Refused, nothing is on the hub. Correct what is wrong and import it again.';
    case 'canceled': return 'Given up; nothing is on the hub.';
    default: return '';
  }
}
