#pragma once
// Files that are read by ranges over HTTP, whatever makes their requests.

#include <memory>
#include <string>
#include <vector>

#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/http_client.hpp"

namespace terrazzo::io {

// How one file is addressed and asked for. Safe from any thread.
class RemoteFile {
 public:
  RemoteFile() = default;
  virtual ~RemoteFile() = default;
  RemoteFile(const RemoteFile&) = delete;
  RemoteFile& operator=(const RemoteFile&) = delete;

  // A GET with these headers, signed where that is needed.
  virtual HttpRequest get(std::vector<std::string> headers,
                          const Context& context) const = 0;

  // The last part of its path.
  virtual std::string name() const = 0;

  // After an answer that is no content: whether a request made now may do better. If not
  // it may throw what it knows better than http_failure().
  virtual bool may_try_again(const HttpAnswer& answer) const = 0;
};

// The first request brings this much.
inline constexpr std::uint64_t remote_head_bytes = 32U << 10U;
// A file this small is taken whole from a server that knows no ranges.
inline constexpr std::uint64_t most_whole_bytes = 16U << 20U;

// Asks for the head. Every later request asks for the content that the head is of (by
// If-Match where the server gives a strong ETag) and looks whether it got it.
//
// `client` must outlive the source.
//
// Throws not_found, denied, unavailable, timeout, cancelled. unsupported: the server
//        knows no ranges and the file has more than most_whole_bytes, or does not say
//        how long the file is.
std::shared_ptr<const ByteSource> open_remote(std::unique_ptr<const RemoteFile> file,
                                              HttpClient& client, const Context& context);

// The file of a source's pin(), without asking for it.
// Throws corrupt_data: the pin is none.
std::shared_ptr<const ByteSource> reopen_remote(std::unique_ptr<const RemoteFile> file,
                                                HttpClient& client,
                                                const std::string& pin);

}  // namespace terrazzo::io
