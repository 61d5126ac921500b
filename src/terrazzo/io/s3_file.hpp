#pragma once
// Objects of S3, read by ranges.

#include <memory>
#include <string>

#include "terrazzo/io/remote_source.hpp"
#include "terrazzo/io/s3_account.hpp"

namespace terrazzo::io {

// How the object is asked for.
std::unique_ptr<const RemoteFile> s3_file(std::shared_ptr<S3Account> account,
                                          S3Name name);

// Throws as open_remote(); invalid_input: it is no s3://bucket/key; and as
// find_credentials().
std::shared_ptr<const ByteSource> open_s3(const std::string& uri,
                                          const std::shared_ptr<S3Account>& account,
                                          const Context& context);

// Throws as reopen_remote(); invalid_input.
std::shared_ptr<const ByteSource> reopen_s3(const std::string& uri,
                                            const std::shared_ptr<S3Account>& account,
                                            const std::string& pin);

}  // namespace terrazzo::io
