#include "terrazzo/io/s3_answers.hpp"

#include <pugixml.hpp>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/xml_text.hpp"

namespace terrazzo::io {
namespace {

Error malformed(std::string_view what) {
  return failure(ErrorKind::corrupt_data, "the answer of S3 {}", what);
}

// The root element. Throws corrupt_data: it is no XML.
pugi::xml_node root_of(pugi::xml_document& document, std::string_view xml) {
  const auto parsed = document.load_buffer(
      xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed) throw malformed("is no XML");
  return document.document_element();
}

// Throws corrupt_data: there is no such element.
std::string text_of(const pugi::xml_node& node, const char* name) {
  const pugi::xml_node child = node.child(name);
  if (!child) throw malformed(fmt::format("has no {}", name));
  return child.text().get();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A plus sign is a blank; a percent sign that escapes nothing is itself.
std::string url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '%' && i + 2 < text.size() &&
                         hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (escapes) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string quoted(std::string etag) {
  if (etag.empty()) throw malformed("has an empty ETag");
  if (etag.starts_with('"') || etag.starts_with("W/")) return etag;
  return '"' + etag + '"';
}

S3ListPage::Entry entry_of(const pugi::xml_node& node, bool encoded) {
  const std::string key = text_of(node, "Key");
  const std::string size = text_of(node, "Size");
  const std::string modified = text_of(node, "LastModified");
  const auto bytes = whole_number(size);
  const auto time = find_iso_time(modified);
  if (key.empty()) throw malformed("has an empty Key");
  if (!bytes) throw malformed(fmt::format("has the Size '{}'", shown(size)));
  if (!time) throw malformed(fmt::format("has the LastModified '{}'", shown(modified)));
  return {.key = encoded ? url_decoded(key) : key,
          .size = *bytes,
          .etag = quoted(text_of(node, "ETag")),
          .modified = *time};
}

Error refusal(const HttpAnswer& answer, const S3Name& name, std::string_view doing,
              const std::string& code) {
  const std::string what = name.key.empty() ? name.bucket : name.last_part();
  if (code == "NoSuchBucket")
    return failure(ErrorKind::not_found, "there is no bucket '{}'", name.bucket);
  if (answer.status == 501 || answer.status == 405 ||
      code == "AccessControlListNotSupported")
    return failure(ErrorKind::unsupported,
                   "'{}' cannot be {} in this way: its server cannot do that ({})", what,
                   doing, code.empty() ? std::to_string(answer.status) : shown(code));
  if (code == "EntityTooLarge")
    return failure(ErrorKind::too_large, "'{}' is larger than its server takes", what);
  if (answer.status == 401 || answer.status == 403)
    return failure(ErrorKind::denied, "'{}' may not be {}: the server answers {}", what,
                   doing, answer.status);
  return http_failure(answer.status, what);
}

}  // namespace

S3ListPage s3_list_page(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, xml);
  if (std::string_view{root.name()} != "ListBucketResult")
    throw malformed("is no ListBucketResult");
  const bool encoded = std::string_view{root.child_value("EncodingType")} == "url";
  S3ListPage page;
  for (const pugi::xml_node node : root.children("Contents"))
    page.entries.push_back(entry_of(node, encoded));
  if (std::string_view{root.child_value("IsTruncated")} == "true") {
    page.next = text_of(root, "NextContinuationToken");
    if (page.next.empty()) throw malformed("has no next page, though it is cut off");
  }
  return page;
}

std::string s3_result_etag(std::string_view xml) {
  pugi::xml_document document;
  return quoted(text_of(root_of(document, xml), "ETag"));
}

std::string s3_upload_id(std::string_view xml) {
  pugi::xml_document document;
  std::string id = text_of(root_of(document, xml), "UploadId");
  if (id.empty()) throw malformed("has an empty UploadId");
  return id;
}

std::string s3_error_code(const HttpAnswer& answer) {
  if (answer.text.find("<Error") == std::string::npos) return {};
  return xml_text(answer.text, "Code").value_or("");
}

Error s3_failure(const HttpAnswer& answer, const S3Name& name, std::string_view doing) {
  Error error = refusal(answer, name, doing, s3_error_code(answer));
  error.note("S3 says {}: {}", shown(xml_text(answer.text, "Code").value_or("nothing")),
             shown(xml_text(answer.text, "Message").value_or("nothing"), 200));
  return error;
}

}  // namespace terrazzo::io
