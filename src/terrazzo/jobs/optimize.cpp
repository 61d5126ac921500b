#include "terrazzo/jobs/optimize.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/pool.hpp"

namespace terrazzo::jobs {
namespace {

namespace fs = std::filesystem;

struct Task {
  fs::path input;
  fs::path output;
};

// Without those that the arguments name twice.
std::vector<fs::path> inputs_of(const std::vector<std::string>& arguments) {
  std::vector<fs::path> inputs;
  std::set<fs::path> seen;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (fs::is_directory(argument, ignored))
      throw invalid("'{}' is a folder, not a file", argument);
    const auto found = files_like(argument);
    if (found.empty())
      throw failure(ErrorKind::not_found, "No files given: nothing matches '{}'",
                    argument);
    for (const fs::path& path : found) {
      fs::path real = fs::canonical(path, ignored);  // a dangling link stays as it is
      if (seen.insert(real.empty() ? path : std::move(real)).second)
        inputs.push_back(path);
    }
  }
  if (inputs.empty()) throw invalid("No files given");
  return inputs;
}

std::vector<Task> tasks_of(const std::vector<fs::path>& inputs, const fs::path& folder) {
  std::vector<Task> tasks;
  std::map<fs::path, fs::path> input_of;
  for (const fs::path& input : inputs) {
    Task task{input, folder / input.filename().replace_extension(".tif")};
    const auto [other, is_new] = input_of.emplace(task.output, input);
    if (!is_new)
      throw invalid(
          "'{}' and '{}' would both become '{}'; optimise them into two folders",
          other->second.string(), input.string(), task.output.filename().string());
    tasks.push_back(std::move(task));
  }
  return tasks;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  if (fs::exists(folder, ignored))
    throw failure(ErrorKind::conflict, "'{}' exists and is no folder", folder.string());
  throw file_failure(error.value(), "made", folder);
}

// Takes the tasks out whose output exists. Throws conflict: it may not.
std::vector<std::string> take_existing(std::vector<Task>& tasks,
                                       const OptimizeRequest& request) {
  std::vector<std::string> existing;
  if (request.overwrite) return existing;
  std::error_code ignored;
  for (const Task& task : tasks) {
    if (!fs::exists(task.output, ignored)) continue;
    if (!request.skip_existing)
      throw failure(ErrorKind::conflict,
                    "output file '{}' exists (use --overwrite or --skip-existing)",
                    task.output.string());
    existing.push_back(task.output.string());
  }
  std::erase_if(tasks,
                [&](const Task& task) { return fs::exists(task.output, ignored); });
  return existing;
}

formats::CogOptions cog_options(const OptimizeRequest& request, std::size_t files) {
  formats::CogOptions options;
  options.compression = request.compression;
  options.level = request.level;
  options.quality = request.quality;
  options.max_error = request.max_error;
  options.resampling_method = request.resampling_method;
  options.reproject = request.reproject;
  options.bands = request.bands;
  options.in_memory = request.in_memory;
  const auto processors = threads_for(request.nproc, SIZE_MAX);
  options.threads = static_cast<int>(std::max<std::size_t>(1, processors / files));
  options.overwrite = request.overwrite ? "replace" : "refuse";
  return options;
}

// What is known of the tasks that were begun. Safe from any thread.
class Tally {
 public:
  Tally(std::size_t tasks, const Report& report)
      : report_(report), shares_(tasks), failures_(tasks) {}

  void begun(std::size_t task, double share) {
    const std::lock_guard lock{mutex_};
    shares_[task] = share;
    tell();
  }

  void ended(std::size_t task, std::optional<Failure> failure) {
    const std::lock_guard lock{mutex_};
    shares_[task] = 1;
    ++done_;
    if (failure) ++failed_;
    failures_[task] = std::move(failure);
    tell();
  }

  const std::optional<Failure>& failure_of(std::size_t task) const {
    return failures_[task];
  }

 private:
  void tell() {
    if (!report_) return;
    double sum = 0;
    for (const double share : shares_) sum += share;
    report_({done_, shares_.size(), failed_, sum / static_cast<double>(shares_.size())});
  }

  const Report& report_;
  std::mutex mutex_;
  std::vector<double> shares_;
  std::vector<std::optional<Failure>> failures_;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
};

bool is_end_of_job(const Error& e) {
  return e.kind() == ErrorKind::cancelled || e.kind() == ErrorKind::timeout;
}

void check(const OptimizeRequest& request) {
  if (request.skip_existing && request.overwrite)
    throw invalid("outputs that exist can be skipped or overwritten, not both");
  if (request.nproc == 0) throw invalid("'nproc' cannot be 0; it is at least 1, or -1");
  if (request.output_folder.empty()) throw invalid("'output_folder' is missing");
}

}  // namespace

OptimizeReport optimize(const OptimizeRequest& request, const Report& report,
                        const Context& context, const WriteCog& write) {
  check(request);
  auto tasks = tasks_of(inputs_of(request.files), request.output_folder);
  OptimizeReport result;
  result.skipped = take_existing(tasks, request);
  if (tasks.empty()) return result;
  make_folder(request.output_folder);

  const auto options = cog_options(request, tasks.size());
  Tally tally{tasks.size(), report};
  Pool helpers{threads_for(request.nproc, tasks.size()) - 1, 0};
  helpers.parallel_for(tasks.size(), [&](std::size_t i) {
    context.check();
    std::optional<Failure> failed;
    try {
      write(
          tasks[i].input, tasks[i].output, options,
          [&](double share) { tally.begun(i, share); }, context);
    } catch (const Error& e) {
      if (is_end_of_job(e)) throw;
      failed = Failure{tasks[i].input.string(), e.kind(), e.message()};
    }
    tally.ended(i, std::move(failed));
  });

  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (const auto& failed = tally.failure_of(i))
      result.failed.push_back(*failed);
    else
      result.written.push_back(tasks[i].output.string());
  }
  return result;
}

}  // namespace terrazzo::jobs
