// The one-shot digest, which OpenSSL 3 keeps: https://docs.openssl.org/3.0/man3/SHA256_Init/
#include <openssl/sha.h>
// Certificates and keys in PEM, looked at before they are used.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
// getrandom, which Swift's Glibc lacks.
#include <sys/random.h>
