// The one-shot digest, which OpenSSL 3 keeps: https://docs.openssl.org/3.0/man3/SHA256_Init/
#include <openssl/sha.h>
// getrandom, which Swift's Glibc lacks.
#include <sys/random.h>
