/* The floor of scripts/bench: accepts connections on a Unix socket, reads and throws away. What this costs, any reader costs.
 *
 *     drain PATH
 *
 * One thread, one epoll, reads of 64 KiB, one a connection and wake-up. It says "listening" when it listens, and at SIGTERM "bytes N". */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { read_bytes = 64 * 1024, events_max = 256, backlog = 4096 };

static char buffer[read_bytes];
static unsigned long long total;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "drain: %s is too long for a socket\n", path);
        exit(1);
    }
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket");
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(descriptor, backlog) < 0) fail("listen");
    return descriptor;
}

static int signal_descriptor(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0) fail("sigprocmask");
    int descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
    if (descriptor < 0) fail("signalfd");
    return descriptor;
}

static void watch(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

static void accept_all(int poll, int listener) {
    int client;
    while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) watch(poll, client);
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) fail("accept");
}

static void read_once(int client) {
    ssize_t count = read(client, buffer, sizeof buffer);
    if (count > 0) {
        total += (unsigned long long)count;
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(client); /* which also takes it out of the epoll */
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: drain PATH\n");
        return 2;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int signals = signal_descriptor();
    int listener = listen_on(argv[1]);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (poll < 0) fail("epoll_create1");
    watch(poll, signals);
    watch(poll, listener);
    fprintf(stderr, "listening\n");
    for (;;) {
        struct epoll_event events[events_max];
        int count = epoll_wait(poll, events, events_max, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < count; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == signals) {
                unlink(argv[1]);
                fprintf(stderr, "bytes %llu\n", total);
                return 0;
            }
            if (descriptor == listener) accept_all(poll, listener);
            else read_once(descriptor);
        }
    }
}
