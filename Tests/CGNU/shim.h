#include <sys/socket.h>

// Declared under _GNU_SOURCE only, which Swift's importer does not define.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);
extern int pipe2(int descriptors[2], int flags);
extern int unshare(int flags);
enum { BLP_CLONE_FILES = 0x400 };
