#include "terrazzo/io/s3_file.hpp"

#include "terrazzo/io/s3_answers.hpp"

namespace terrazzo::io {
namespace {

class S3File final : public RemoteFile {
 public:
  S3File(std::shared_ptr<S3Account> account, S3Name name)
      : account_(std::move(account)), name_(std::move(name)) {}

  HttpRequest get(std::vector<std::string> headers,
                  const Context& context) const override {
    return account_->request({.name = name_, .plain_headers = std::move(headers)},
                             context);
  }

  std::string name() const override { return name_.last_part(); }

  bool may_try_again(const HttpAnswer& answer) const override {
    if (account_->learns_from(name_.bucket, answer)) return true;
    throw s3_failure(answer, name_, "read");
  }

 private:
  const std::shared_ptr<S3Account> account_;
  const S3Name name_;
};

}  // namespace

std::unique_ptr<const RemoteFile> s3_file(std::shared_ptr<S3Account> account,
                                          S3Name name) {
  return std::make_unique<const S3File>(std::move(account), std::move(name));
}

std::shared_ptr<const ByteSource> open_s3(const std::string& uri,
                                          const std::shared_ptr<S3Account>& account,
                                          const Context& context) {
  return open_remote(s3_file(account, s3_name(uri)), account->client(), context);
}

std::shared_ptr<const ByteSource> reopen_s3(const std::string& uri,
                                            const std::shared_ptr<S3Account>& account,
                                            const std::string& pin) {
  return reopen_remote(s3_file(account, s3_name(uri)), account->client(), pin);
}

}  // namespace terrazzo::io
