#include "terrazzo/jobs/ingest.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <set>

#include "terrazzo/base/pool.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/jobs/database.hpp"
#include "terrazzo/jobs/keyed_files.hpp"

namespace terrazzo::jobs {
namespace {

constexpr std::size_t batch_records = 64;                     // of one transaction
constexpr std::size_t memory_bytes = std::size_t{512} << 20;  // all threads together
constexpr std::size_t least_memory = std::size_t{64} << 20;   // of one thread

struct BandKey {
  int band = 1;
  std::optional<std::string> value{};  // none: the band is no key
};

// Empty: every band of each file, by its number.
using BandKeys = std::vector<BandKey>;

BandKey band_key_of(std::string_view text) {
  const auto equals = text.find('=');
  const auto number = text.substr(0, equals);
  BandKey key;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), key.band);
  if (error != std::errc{} || end != number.data() + number.size() || key.band < 1)
    throw invalid("'bands' cannot have '{}'; it is as 1,2,3 or 1=blue,2=green or all",
                  text);
  key.value = equals == std::string_view::npos ? number : text.substr(equals + 1);
  if (key.value->empty() || key.value->find('/') != std::string::npos)
    throw invalid("'bands' cannot name band {} '{}'", key.band, *key.value);
  return key;
}

BandKeys band_keys_of(std::string_view text) {
  if (text.empty()) return {BandKey{}};
  if (text == "all") return {};
  BandKeys keys;
  std::set<std::string> values;
  while (true) {
    const auto comma = text.find(',');
    keys.push_back(band_key_of(text.substr(0, comma)));
    if (!values.insert(*keys.back().value).second)
      throw invalid("'bands' names '{}' twice", *keys.back().value);
    if (comma == std::string_view::npos) return keys;
    text.remove_prefix(comma + 1);
  }
}

// Names of the keys a file has, the band's last, then with rgb_key at the end.
std::vector<std::string> wanted_names(std::vector<std::string> names,
                                      const IngestRequest& request) {
  if (!request.bands.empty()) {
    if (std::ranges::find(names, request.band_key) != names.end())
      throw invalid("the pattern has a key '{}' already; name the band's key otherwise",
                    request.band_key);
    names.push_back(request.band_key);
  }
  if (request.bands.empty() && request.band_key != IngestRequest{}.band_key)
    throw invalid("'band_key' says nothing without 'bands'");
  if (request.rgb_key.empty()) return names;
  const auto found = std::ranges::find(names, request.rgb_key);
  if (found == names.end())
    throw invalid("'rgb_key' cannot be '{}'; it is one of: {}", request.rgb_key,
                  fmt::join(names, ", "));
  std::rotate(found, found + 1, names.end());
  return names;
}

// What is done with each file.
struct Plan {
  std::vector<std::string> file_names;  // as KeyedFiles::names, then the band's key
  std::vector<std::string> names;       // as the catalogue wants them
  BandKeys bands;
  bool skip_metadata = false;
  std::optional<std::set<catalog::Keys>> existing{};  // to be skipped
  catalog::DescribeOptions describe{};
};

catalog::Keys keys_of(const KeyedFile& file, const BandKey& band, const Plan& plan) {
  catalog::Keys keys;
  for (const std::string& name : plan.names) {
    const auto at = static_cast<std::size_t>(std::ranges::find(plan.file_names, name) -
                                             plan.file_names.begin());
    keys.push_back(at < file.keys.size() ? file.keys[at] : band.value.value_or(""));
  }
  return keys;
}

BandKeys bands_of(const KeyedFile& file, const Plan& plan,
                  const io::RasterOpener& opener) {
  if (!plan.bands.empty()) return plan.bands;
  BandKeys bands;
  const auto raster = opener.open(file.path.string());
  for (int band = 1; band <= static_cast<int>(raster->info().bands.size()); ++band)
    bands.push_back({band, std::to_string(band)});
  return bands;
}

struct Outcome {
  std::vector<catalog::Record> records{};
  std::uint64_t skipped = 0;
  std::optional<Failure> failure{};
};

Outcome read_file(const KeyedFile& file, const Plan& plan, const io::RasterOpener& opener,
                  const Context& context) {
  Outcome outcome;
  for (const BandKey& band : bands_of(file, plan, opener)) {
    catalog::Record record{keys_of(file, band, plan), file.path.string(), band.band};
    if (plan.existing && plan.existing->contains(record.keys)) {
      ++outcome.skipped;
      continue;
    }
    context.check();
    if (!plan.skip_metadata)
      record.metadata = catalog::describe(*opener.open(record.path, record.band),
                                          plan.describe, context);
    outcome.records.push_back(std::move(record));
  }
  return outcome;
}

bool is_end_of_job(const Error& e) {
  return e.kind() == ErrorKind::cancelled || e.kind() == ErrorKind::timeout;
}

Outcome outcome_of(const KeyedFile& file, const Plan& plan,
                   const io::RasterOpener& opener, const Context& context) {
  try {
    return read_file(file, plan, opener, context);
  } catch (const Error& e) {
    if (is_end_of_job(e)) throw;
    return {.failure = Failure{file.path.string(), e.kind(), e.message()}};
  }
}

// Gathers what the threads read and inserts it by batches. Safe from any thread.
class Collector {
 public:
  Collector(Database& database, std::size_t files, const Report& report)
      : database_(database), report_(report) {
    result_.files = files;
  }

  void take(Outcome outcome) {
    const std::lock_guard lock{mutex_};
    ++done_;
    result_.skipped += outcome.skipped;
    if (outcome.failure) result_.failed.push_back(std::move(*outcome.failure));
    std::ranges::move(outcome.records, std::back_inserter(waiting_));
    if (waiting_.size() >= batch_records) insert();
    if (!report_) return;
    const double share = static_cast<double>(done_) / static_cast<double>(result_.files);
    report_({done_, result_.files, result_.failed.size(), share});
  }

  // What was read before the job was stopped is not lost.
  void insert_rest() {
    const std::lock_guard lock{mutex_};
    insert();
  }

  IngestReport result() {
    std::ranges::sort(result_.failed, {}, &Failure::path);
    result_.key_names = database_.names();
    result_.has_catalog = database_.existing() != nullptr;
    return std::move(result_);
  }

 private:
  void insert() {
    if (waiting_.empty()) return;
    database_.writable().insert_all(waiting_);
    result_.inserted += waiting_.size();
    waiting_.clear();
  }

  Database& database_;
  const Report& report_;
  std::mutex mutex_;
  std::vector<catalog::Record> waiting_;
  std::uint64_t done_ = 0;
  IngestReport result_;
};

Database::Mode mode_of(const IngestRequest& request) {
  if (request.overwrite && request.skip_existing)
    throw invalid(
        "datasets that exist can be skipped or the catalogue replaced, not both");
  if (request.overwrite) return Database::Mode::replace;
  return request.only_new ? Database::Mode::only_new : Database::Mode::append;
}

Plan plan_of(const IngestRequest& request, const KeyedFiles& found,
             const Database& database, std::size_t threads) {
  Plan plan{.file_names = found.names,
            .names = database.names(),
            .bands = band_keys_of(request.bands),
            .skip_metadata = request.skip_metadata};
  if (!request.rgb_key.empty() && plan.names.back() != request.rgb_key)
    throw invalid("the last key of the database is '{}', not '{}'; nothing was inserted",
                  plan.names.back(), request.rgb_key);
  plan.describe.threads = std::max<std::size_t>(1, threads / found.files.size());
  plan.describe.memory_bytes = std::max(least_memory, memory_bytes / threads);
  if (!request.skip_existing || database.existing() == nullptr) return plan;
  plan.existing.emplace();
  for (catalog::Record& record : database.existing()->find({}))
    plan.existing->insert(std::move(record.keys));
  return plan;
}

}  // namespace

IngestReport ingest(const IngestRequest& request, const io::RasterOpener& opener,
                    const Report& report, const Context& context) {
  band_keys_of(request.bands);
  const auto mode = mode_of(request);
  const auto found = find_keyed(request.pattern);
  Database database{request.output, wanted_names(found.names, request), mode};
  const auto threads = threads_for(request.threads, found.files.size());
  const auto plan =
      plan_of(request, found, database, threads_for(request.threads, SIZE_MAX));

  Collector collector{database, found.files.size(), report};
  try {
    Pool helpers{threads - 1, 0};
    helpers.parallel_for(found.files.size(), [&](std::size_t i) {
      context.check();
      collector.take(outcome_of(found.files[i], plan, opener, context));
    });
  } catch (const Error& e) {
    if (is_end_of_job(e) && mode != Database::Mode::replace) collector.insert_rest();
    throw;
  }
  collector.insert_rest();
  auto result = collector.result();
  database.finish();
  return result;
}

}  // namespace terrazzo::jobs
