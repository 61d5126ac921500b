#include "terrazzo/http/listen.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::http {
namespace {

constexpr int backlog = 4096;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  bool is_ipv6() const noexcept { return storage.ss_family == AF_INET6; }
  sockaddr* generic() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  // The port stands at the same place in both kinds.
  in_port_t& port() noexcept {
    return reinterpret_cast<sockaddr_in*>(&storage)->sin_port;
  }
};

Address address_of(std::string text) {
  if (lower_case(text) == "localhost") text = "127.0.0.1";
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    address.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    address.size = sizeof(sockaddr_in6);
  } else {
    throw invalid("'{}' is not an IP address to listen on", shown(text));
  }
  return address;
}

// The descriptor, or the negative errno.
int listen_on(Address address) {
  const int descriptor =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(descriptor, address.generic(), address.size) == 0 &&
      ::listen(descriptor, backlog) == 0)
    return descriptor;
  const int fault = errno;
  ::close(descriptor);
  return -fault;
}

ErrorKind kind_of(int fault) {
  switch (fault) {
    case EACCES:
    case EPERM:
      return ErrorKind::denied;
    case EADDRNOTAVAIL:  // of another machine
    case EAFNOSUPPORT:   // no IPv6 here
    case EINVAL:
      return ErrorKind::invalid_input;
    default:
      return ErrorKind::unavailable;
  }
}

}  // namespace

Listener listen_in_range(const ServerOptions& options) {
  Address address = address_of(options.address);
  const int last = std::max(options.port, options.last_port);
  int descriptor = -EADDRINUSE;
  for (int port = options.port; port <= last && descriptor == -EADDRINUSE; ++port) {
    address.port() = htons(static_cast<std::uint16_t>(port));
    descriptor = listen_on(address);
  }
  if (descriptor == -EADDRINUSE && last > options.port)
    throw failure(ErrorKind::unavailable, "no port of {}..{} is free on {}", options.port,
                  last, options.address);
  if (descriptor < 0)
    throw failure(kind_of(-descriptor), "cannot listen on {} port {}: {}",
                  options.address, options.port,
                  std::generic_category().message(-descriptor));
  ::getsockname(descriptor, address.generic(), &address.size);
  return {descriptor, address.is_ipv6(), ntohs(address.port())};
}

}  // namespace terrazzo::http
