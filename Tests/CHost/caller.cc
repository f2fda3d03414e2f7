// The header in C++: an owner by RAII, lambdas as callbacks, an answer from another thread.
#include "check.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct Free {
    void operator()(blp_config *config) const { CHECK_OK(blp_config_free(config)); }
    void operator()(blp_proxy *proxy) const { CHECK_OK(blp_proxy_destroy(proxy)); }
};

int main()
{
    std::atomic<unsigned> logs{0};
    std::vector<std::string> messages;

    blp_config *made = nullptr;
    CHECK_OK(blp_config_new(&made));
    std::unique_ptr<blp_config, Free> config(made);
    CHECK_OK(blp_config_set(config.get(), "socket", socket_path()));
    CHECK_OK(blp_config_set_log(
        config.get(), [](void *context, int, const char *message) { static_cast<std::vector<std::string> *>(context)->push_back(message); },
        &messages));
    CHECK_OK(blp_config_set_reporter(
        config.get(),
        [](void *context, const blp_delivery *delivery) {
            *static_cast<std::atomic<unsigned> *>(context) += static_cast<unsigned>(delivery->log_count);
            blp_token token = delivery->token;
            std::thread([token] { CHECK_OK(blp_complete(token, BLP_DELIVERED, 0, nullptr)); }).join();
        },
        &logs));
    blp_proxy *started = nullptr;
    CHECK_OK(blp_proxy_new(config.get(), &started));
    std::unique_ptr<blp_proxy, Free> proxy(started);
    CHECK_OK(blp_proxy_start(proxy.get()));
    // A ReportBoundaryLogsRequest with one empty log, written by hand.
    CHECK_OK(blp_submit(proxy.get(), BLP_TAG_LOGS, "\x0a\x00", 2));
    CHECK_OK(blp_proxy_stop(proxy.get()));
    CHECK(figures(proxy.get()).logs_delivered == 1 && logs == 1);
    CHECK(!messages.empty() && messages[0].find("listening reporter=callback") == 0);
    std::puts("C++: delivered");
    return 0;
}
