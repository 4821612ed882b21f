/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

/* A stock hub's (Koji schemas/schema.sql, INSERT INTO btype) and those of the public content generators. */
static const char *const stock_btypes[] = {
    "rpm",
    "maven",
    "win",
    "image",
    /* atomic-reactor */
    "icm",
    "operator-manifests",
    "remote-sources",
    "remote-source-file",
    /* MBS, PNC, misoctl */
    "module",
    "npm",
    "debian",
    NULL,
};

/* Extensions of a stock hub (Koji schemas/schema.sql, INSERT INTO archivetypes): 1.33 to master together. */
static const char *const stock_extensions[] = {
    "aar",         "apklib",
    "bat",         "box",
    "cab",         "cat",
    "cfg",         "changes",
    "changes.xz",  "dll",
    "dot",         "dylib",
    "ear",         "erofs",
    "erofs.gz",    "erofs.xz",
    "exe",         "gem",
    "groovy",      "gv",
    "gvy",         "img",
    "inf",         "ini",
    "iso",         "iso.gz",
    "iso.xz",      "jar",
    "jdocbook",    "jdocbook-style",
    "jnilib",      "js",
    "json",        "key",
    "ks",          "ldif",
    "lib",         "liveimg.squashfs",
    "manifest",    "msi",
    "msm",         "obr",
    "oem",         "ova",
    "packages",    "pdb",
    "pom",         "properties",
    "qcow",        "qcow2",
    "qcow2.gz",    "qcow2.xz",
    "rar",         "raw",
    "raw.gz",      "raw.xz",
    "rc",          "sar",
    "sh",          "sha256",
    "sig",         "signature",
    "so",          "spec",
    "squashfs",    "squashfs.gz",
    "squashfs.xz", "sys",
    "tar",         "tar.bz2",
    "tar.gz",      "tar.xz",
    "tgz",         "tlb",
    "txt",         "vdi",
    "verified",    "vhd",
    "vhd.gz",      "vhd.xz",
    "vhdx",        "vhdx.gz",
    "vhdx.xz",     "vmdk",
    "vmdk.gz",     "vmdk.xz",
    "vmlinuz",     "vmlinuz.gz",
    "vmlinuz.xz",  "war",
    "wsdl",        "wsf",
    "wsl",         "xjb",
    "xml",         "xml.bz2",
    "xml.gz",      "xml.xz",
    "xsd",         "yaml",
    "yml",         "zip",
    NULL,
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int names_begin(struct rules_names *names, const char *const *asked, const char *const *stock,
                       struct cg_error *err)
{
    const char *const *list = asked ? asked : stock;
    names->asked = asked != NULL;
    if (!list)
        return 0;
    while (list[names->count])
        names->count++;
    names->names = malloc((names->count + 1) * sizeof names->names[0]);
    if (!names->names)
        return cg_fail_memory(err);
    memcpy(names->names, list, (names->count + 1) * sizeof names->names[0]);
    qsort(names->names, names->count, sizeof names->names[0], compare_names);
    return 0;
}

/* Is the version, "1.34.3", known to be below MAJOR.MINOR? */
static bool is_before(const char *version, unsigned long major, unsigned long minor)
{
    char *end = NULL;
    unsigned long first = version ? strtoul(version, &end, 10) : 0;
    if (!version || end == version || *end != '.')
        return false;
    const char *second_text = end + 1;
    unsigned long second = strtoul(second_text, &end, 10);
    return end != second_text && (first < major || (first == major && second < minor));
}

int rules_hub_begin(struct rules *rules, const struct cg_hub_facts *hub)
{
    if (names_begin(&rules->content_generators, hub ? hub->content_generators : NULL, NULL, rules->err) < 0 ||
        names_begin(&rules->btypes, hub ? hub->btypes : NULL, stock_btypes, rules->err) < 0 ||
        names_begin(&rules->extensions, hub ? hub->archive_extensions : NULL, stock_extensions, rules->err) < 0)
        return -1;
    /* Logs and files of general build types have a subdir from 1.35 on (kojihub.py:7490 and :7435 of that release). */
    rules->without_subdir = hub && is_before(hub->version, 1, 35);
    return 0;
}

bool rules_names_have(const struct rules_names *names, const char *name)
{
    return names->count > 0 && bsearch(&name, names->names, names->count, sizeof names->names[0], compare_names);
}

void rules_hub_finish(struct rules *rules)
{
    free(rules->content_generators.names);
    free(rules->btypes.names);
    free(rules->extensions.names);
}
