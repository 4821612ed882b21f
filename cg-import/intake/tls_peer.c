/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/tls_peer.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <string.h>

static void read_common_name(const gnutls_datum_t *der, char *name, size_t size)
{
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) != GNUTLS_E_SUCCESS)
        return;
    size_t length = size;
    if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) != GNUTLS_E_SUCCESS ||
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &length) !=
            GNUTLS_E_SUCCESS ||
        strlen(name) != length) /* a NUL in the name would cut it */
        name[0] = '\0';
    gnutls_x509_crt_deinit(certificate);
}

void tls_peer_name(void *session, struct tls_revocations *revocations, char *name, size_t size)
{
    name[0] = '\0';
    unsigned status = 0, count = 0;
    const gnutls_datum_t *certificates = gnutls_certificate_get_peers(session, &count);
    if (!certificates || count == 0)
        return;
    gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, .size = 0};
    if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) != GNUTLS_E_SUCCESS || status != 0)
        return;
    if (revocations && !tls_revocations_admit(revocations, certificates[0].data, certificates[0].size))
        return;
    read_common_name(&certificates[0], name, size);
}

ssize_t tls_peer_send(void *session, const void *data, size_t size)
{
    return gnutls_record_send(session, data, size);
}
