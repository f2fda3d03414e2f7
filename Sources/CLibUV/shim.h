#include <sys/epoll.h>
#include <sys/socket.h>
#include <uv.h>

// Declared under _GNU_SOURCE only, which Swift's importer does not define.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);

// struct ucred of SO_PEERCRED, likewise.
struct blp_peer_credentials {
    pid_t process;
    uid_t user;
    gid_t group;
};

// Since Linux 4.13; not in Swift's module of the C library.
#ifdef SO_PEERGROUPS
static const int blp_so_peergroups = SO_PEERGROUPS;
#else
static const int blp_so_peergroups = 59;
#endif

// Not in Swift's module of the C library.
static inline int blp_epoll_remove(int epoll, int descriptor) { return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, (struct epoll_event *)0); }

// Variadic in C.
static inline int blp_uv_measure_idle_time(uv_loop_t *loop) { return uv_loop_configure(loop, UV_METRICS_IDLE_TIME); }
