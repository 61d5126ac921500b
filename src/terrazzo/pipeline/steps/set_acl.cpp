#include "terrazzo/pipeline/step.hpp"

namespace terrazzo::pipeline {
namespace {

struct SetAclOptions {
  std::string acl{};

  void fields(auto& f) {
    f("acl", acl, "Who may read the files that are published.",
      Facts{.required = true,
            .one_of = {"private", "authenticated-read", "public-read"}});
  }
};

class SetAcl final : public Step {
 public:
  explicit SetAcl(const Options& options)
      : acl_(io::acl_named(options.read<SetAclOptions>().acl)) {}

  void run(Item& item, const Tools& /*tools*/,
           const Context& /*context*/) const override {
    item.acl = acl_;
  }
  void plan(Item& item, const Tools& tools, const Context& context) const override {
    run(item, tools, context);
  }

 private:
  io::Acl acl_;
};

}  // namespace

extern const StepKind step_set_acl;
const StepKind step_set_acl{
    .name = "set-acl",
    .summary =
        "Says who may read the files that are published: on S3 by their ACL, on a "
        "disk by their mode.",
    .schema = json_schema<SetAclOptions>,
    .make = [](const Options& options) -> std::unique_ptr<const Step> {
      return std::make_unique<SetAcl>(options);
    },
};

}  // namespace terrazzo::pipeline
