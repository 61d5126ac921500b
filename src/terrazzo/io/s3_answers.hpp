#pragma once
// What S3 says: the XML of its answers, and its refusals.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/time.hpp"
#include "terrazzo/io/http_client.hpp"
#include "terrazzo/io/s3_name.hpp"

namespace terrazzo::io {

struct S3ListPage {
  struct Entry {
    std::string key{};  // decoded
    std::uint64_t size = 0;
    std::string etag{};  // in quotes
    Time modified{};
  };
  std::vector<Entry> entries{};
  std::string next{};  // what to ask the next page with; empty: this is the last
};

// Of ListObjectsV2. Throws corrupt_data: it is none, or lacks what it must hold.
S3ListPage s3_list_page(std::string_view xml);

// Of CopyObject, UploadPartCopy and CompleteMultipartUpload: the ETag, in quotes.
// Throws corrupt_data: there is none.
std::string s3_result_etag(std::string_view xml);

// Of CreateMultipartUpload. Throws corrupt_data: there is none.
std::string s3_upload_id(std::string_view xml);

// The code of an <Error>, also of one that comes with 200; empty: it is none.
std::string s3_error_code(const HttpAnswer& answer);

// The error for a refusal; `doing`: "read", "written", "listed", … Its note has S3's
// words.
//   not_found    404; NoSuchBucket: of the bucket      denied     401, 403, other 4xx
//   conflict     409, 412    too_large  EntityTooLarge
//   unsupported  405, 501; AccessControlListNotSupported
//   unavailable  everything else
Error s3_failure(const HttpAnswer& answer, const S3Name& name, std::string_view doing);

}  // namespace terrazzo::io
