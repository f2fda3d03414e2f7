// A host in C++: the header's types and callbacks as C++ sees them, and lambdas for functions.
#include "check.h"

#include <memory>
#include <string>
#include <vector>

namespace {

template <typename Handle, int (*release)(Handle *)> struct Release {
    void operator()(Handle *handle) const { CHECK_OK(release(handle)); }
};
using Config = std::unique_ptr<blp_config, Release<blp_config, blp_config_free>>;
using Proxy = std::unique_ptr<blp_proxy, Release<blp_proxy, blp_proxy_destroy>>;
using Session = std::unique_ptr<blp_log_session, Release<blp_log_session, blp_log_session_free>>;

struct Delivered {
    std::vector<std::string> sessions;
    uint64_t logs = 0;
};

}  // namespace

int main()
{
    Delivered delivered;
    blp_config *config_handle;
    CHECK_OK(blp_config_new(&config_handle));
    Config config(config_handle);
    CHECK_OK(blp_config_set(config.get(), "socket", socket_path()));
    CHECK_OK(blp_config_set_reporter(
        config.get(),
        [](void *context, const blp_delivery *delivery) {
            auto *delivered = static_cast<Delivered *>(context);
            delivered->sessions.emplace_back(delivery->session, delivery->session_length);
            delivered->logs += delivery->log_count;
            CHECK_OK(blp_complete(delivery->token, BLP_DELIVERED, 0, nullptr));
        },
        &delivered));

    blp_proxy *proxy_handle;
    CHECK_OK(blp_proxy_new(config.get(), &proxy_handle));
    Proxy proxy(proxy_handle);
    CHECK_OK(blp_proxy_start(proxy.get()));
    for (const char *name : {"one", "two"}) {
        blp_log_session *session_handle;
        CHECK_OK(blp_log_session_new(name, nullptr, &session_handle));
        Session session(session_handle);
        CHECK_OK(blp_log_append(session.get(), true, "GET", "https://example.com/", "domain=example.com", 0));
        CHECK_OK(blp_log_flush(session.get(), proxy.get()));
    }
    CHECK_OK(blp_proxy_stop(proxy.get()));
    CHECK((delivered.sessions == std::vector<std::string>{"one", "two"}));
    CHECK(delivered.logs == 2 && figures(proxy.get()).logs_delivered == 2);
    puts("caller.cc: two sessions delivered");
}
