#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Declared under _GNU_SOURCE only, which Swift's importer does not define.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);
extern int pipe2(int descriptors[2], int flags);
extern int unshare(int flags);
enum { BLP_CLONE_FILES = 0x400 };

// Variadic in C: any system call, -1 and errno when it fails.
static inline long blp_system_call(long number, long a, long b, long c, long d, long e, long f) { return syscall(number, a, b, c, d, e, f); }
enum { BLP_SYS_EXECVE = SYS_execve, BLP_SYS_PTRACE = SYS_ptrace, BLP_SYS_MOUNT = SYS_mount, BLP_SYS_BPF = SYS_bpf, BLP_SYS_UNSHARE = SYS_unshare,
    BLP_SYS_PROCESS_VM_READV = SYS_process_vm_readv, BLP_SYS_IO_URING_SETUP = SYS_io_uring_setup, BLP_SYS_MEMFD_CREATE = SYS_memfd_create,
    BLP_SYS_CLONE3 = SYS_clone3, BLP_SYS_CLONE = SYS_clone, BLP_SYS_KEYCTL = SYS_keyctl };
