#include <algorithm>
#include <filesystem>

#include "terrazzo/base/text.hpp"
#include "terrazzo/pipeline/child.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::pipeline {
namespace {

constexpr int try_again = 75;  // EX_TEMPFAIL of sysexits.h

struct RunOptions {
  std::vector<std::string> command{};
  std::string makes{};
  std::string to{};
  int timeout = 3600;

  void fields(auto& f) {
    f("command", command,
      "The program and its arguments. {input} is the file or URI as it is so far, "
      "{output} the file that the program makes. Exit code 0: all is well; 75: try "
      "again later.",
      required());
    f("makes", makes,
      "The name of the file that it makes, as {stem}.tif, with which the next step goes "
      "on; none: it makes none.");
    f("to", to,
      "The name under which that file is published, which holds {generation}; none: it "
      "is for the next steps only.");
    f("timeout", timeout, "Seconds after which it is killed.", within(1, 86400));
  }
};

class RunStep final : public Step {
 public:
  explicit RunStep(const Options& options)
      : given_(options.read<RunOptions>()),
        makes_(template_of(options, "makes", given_.makes)),
        to_(output_template_of(options, "to", given_.to)) {
    if (given_.command.empty())
      throw options.wrong("command", "'command' is empty; it begins with a program");
    for (const std::string& word : given_.command) {
      command_.push_back(template_of(options, "command", word));
      if (given_.makes.empty() && command_.back().has("output"))
        throw options.wrong("command",
                            "'command' has {{output}}, but 'makes' names no file");
    }
  }

  std::vector<std::string> wants() const override {
    auto names = makes_.names();
    for (auto& name : to_.names()) names.push_back(name);
    for (const Template& word : command_)
      for (auto& name : word.names())
        if (name != "input" && name != "output") names.push_back(name);
    return names;
  }

  void plan(Item& item, const Tools& tools, const Context& /*context*/) const override {
    (void)name_of(item);
    if (!given_.makes.empty()) publish(item, {}, tools);
  }

  void run(Item& item, const Tools& tools, const Context& context) const override {
    const auto output = given_.makes.empty() ? std::filesystem::path{}
                                             : item.scratch->file(name_of(item));
    run_command(words_of(item, output), context);
    if (given_.makes.empty()) return;
    if (!std::filesystem::is_regular_file(output))
      throw failure(ErrorKind::corrupt_data, "'{}' has not made its {{output}}",
                    given_.command[0]);
    item.current = output.string();
    publish(item, output, tools);
    item.bands = 0;
    item.described.clear();
  }

 private:
  void publish(Item& item, const std::filesystem::path& file, const Tools& tools) const {
    item.location.clear();
    if (given_.to.empty()) return;
    item.location = output_uri(tools.outputs, to_.fill(item.attributes));
    item.outputs.push_back({file, item.location});
  }

  std::string name_of(const Item& item) const {
    auto name = makes_.fill(item.attributes);
    if (name.empty()) return name;
    if (name.find('/') != std::string::npos || name == "." || name == "..")
      throw invalid("'{}' is no name of a file", shown(name));
    return name;
  }

  std::vector<std::string> words_of(const Item& item,
                                    const std::filesystem::path& output) const {
    auto attributes = item.attributes;
    attributes["input"] = item.current;
    attributes["output"] = output.string();
    std::vector<std::string> words;
    for (const Template& word : command_) words.push_back(word.fill(attributes));
    return words;
  }

  void run_command(const std::vector<std::string>& words, Context context) const {
    context.deadline = std::min(
        context.deadline, Context::Clock::now() + std::chrono::seconds{given_.timeout});
    ChildEnd end;
    try {
      end = run_child(words, context);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::timeout) throw;
      throw failure(ErrorKind::timeout, "'{}' took longer than {} s", given_.command[0],
                    given_.timeout);
    }
    if (end.code == 0) return;
    const auto kind =
        end.code == try_again ? ErrorKind::unavailable : ErrorKind::corrupt_data;
    throw failure(kind, "'{}' ended with code {}: {}", given_.command[0], end.code,
                  end.last_words);
  }

  RunOptions given_;
  Template makes_;
  Template to_;
  std::vector<Template> command_;
};

}  // namespace

extern const StepKind step_run;
const StepKind step_run{
    .name = "run",
    .summary = "Runs a program on the file; what it makes goes on through the pipeline.",
    .schema = json_schema<RunOptions>,
    .make = [](const Options& options) -> std::unique_ptr<const Step> {
      return std::make_unique<RunStep>(options);
    },
};

}  // namespace terrazzo::pipeline
