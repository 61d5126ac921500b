#include <algorithm>

#include <re2/re2.h>

#include "terrazzo/base/text.hpp"
#include "terrazzo/pipeline/step.hpp"

namespace terrazzo::pipeline {
namespace {

struct CheckNameOptions {
  std::vector<Json> patterns{};

  void fields(auto& f) {
    f("patterns", patterns,
      "Grammars of paths below the folder of `when`; the first that fits counts. All "
      "have "
      "the same attributes.",
      required());
  }
};

struct GrammarOptions {
  std::string match{};
  Json set = Json::object();

  void fields(auto& f) {
    f("match", match,
      "A regular expression of the whole path, whose named groups (?<name>…) become "
      "attributes.",
      required());
    f("set", set, "Further attributes with their values.");
  }
};

// (?<name> is what most dialects write; RE2 wants (?P<name>.
std::string in_re2(std::string_view expression) {
  std::string text;
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    text += c;
    if (c == '\\' && i + 1 < expression.size())
      text += expression[++i];
    else if (c == '[' || c == ']')
      in_class = c == '[';
    else if (!in_class && expression.substr(i).starts_with("(?<")) {
      text += "?P";
      ++i;
    }
  }
  return text;
}

class Grammar {
 public:
  explicit Grammar(const Options& options) : options_(options.read<GrammarOptions>()) {
    options.need_object("set");
    RE2::Options how;
    how.set_log_errors(false);
    expression_ = std::make_unique<RE2>(in_re2(options_.match), how);
    if (!expression_->ok())
      throw options.wrong("match", "'match' is no regular expression: {}",
                          expression_->error());
    for (const auto& [name, value] : options_.set.items()) {
      if (!value.is_string())
        throw options.wrong("set", "'set' gives '{}' the value {}; it is a text",
                            shown(name), value.dump());
      names_.push_back(name);
    }
    for (const auto& [name, group] : expression_->NamedCapturingGroups()) {
      if (options_.set.contains(name))
        throw options.wrong("set", "'{}' is a group of 'match' and in 'set'", name);
      names_.push_back(name);
    }
    std::ranges::sort(names_);
  }

  const std::vector<std::string>& names() const { return names_; }

  // False: the name is not of this kind.
  bool read(const std::string& name, Attributes& attributes) const {
    std::vector<re2::StringPiece> groups(
        static_cast<std::size_t>(expression_->NumberOfCapturingGroups()) + 1);
    if (!expression_->Match(name, 0, name.size(), RE2::ANCHOR_BOTH, groups.data(),
                            static_cast<int>(groups.size())))
      return false;
    for (const auto& [group, number] : expression_->NamedCapturingGroups())
      attributes[group] = std::string{groups[static_cast<std::size_t>(number)]};
    for (const auto& [attribute, value] : options_.set.items())
      attributes[attribute] = value.get<std::string>();
    return true;
  }

 private:
  GrammarOptions options_;
  std::unique_ptr<RE2> expression_;
  std::vector<std::string> names_;
};

class CheckName final : public Step {
 public:
  explicit CheckName(const Options& options) {
    const auto count = options.read<CheckNameOptions>().patterns.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto pointer = fmt::format("/patterns/{}", i);
      grammars_.emplace_back(
          options.below(pointer, fmt::format("step 'check-name', pattern {}", i + 1)));
      check_same(options, grammars_.front(), grammars_.back(), i);
    }
    if (grammars_.empty())
      throw options.wrong("patterns", "'patterns' is empty; no name would be right");
  }

  std::vector<std::string> gives() const override { return grammars_.front().names(); }

  void run(Item& item, const Tools& /*tools*/,
           const Context& /*context*/) const override {
    check(item);
  }
  void plan(Item& item, const Tools& /*tools*/,
            const Context& /*context*/) const override {
    check(item);
  }

 private:
  static void check_same(const Options& options, const Grammar& first,
                         const Grammar& other, std::size_t i) {
    for (const auto& [a, b] : {std::pair{&first, &other}, std::pair{&other, &first}})
      for (const std::string& name : a->names())
        if (std::ranges::find(b->names(), name) == b->names().end())
          throw invalid(
              "{}: of patterns 1 and {} only one has the attribute '{}'; give it to the "
              "other with 'set'",
              options.where(fmt::format("/patterns/{}", i)), i + 1, name);
  }

  void check(Item& item) const {
    const std::string& folder = item.attributes["folder"];
    const auto& file = item.attributes["file"];
    const auto name = folder.empty() ? file : fmt::format("{}/{}", folder, file);
    for (const Grammar& grammar : grammars_)
      if (grammar.read(name, item.attributes)) return;
    item.skipped = fmt::format("the name '{}' fits none of the {} patterns of check-name",
                               shown(name, 200), grammars_.size());
  }

  std::vector<Grammar> grammars_;
};

Json schema() {
  Json options = json_schema<CheckNameOptions>();
  options["properties"]["patterns"]["items"] = json_schema<GrammarOptions>();
  return options;
}

}  // namespace

extern const StepKind step_check_name;
const StepKind step_check_name{
    .name = "check-name",
    .summary =
        "Tells the attributes of a file from its path; skips files whose paths "
        "break the rules.",
    .schema = schema,
    .make = [](const Options& options) -> std::unique_ptr<const Step> {
      return std::make_unique<CheckName>(options);
    },
};

}  // namespace terrazzo::pipeline
