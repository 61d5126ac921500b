#include <algorithm>

#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/pipeline/described.hpp"

namespace terrazzo::pipeline {
namespace {

struct CatalogueOptions {
  std::vector<std::string> keys{};
  std::vector<std::string> bands{};
  std::string band_key = "band";

  void fields(auto& f) {
    f("keys", keys, "The catalogue's keys: attributes whose values a record gets.",
      required());
    f("bands", bands,
      "One record for each band, from 1, whose last key has these values; of files with "
      "fewer bands only so many. None: one of band 1, without such a key.");
    f("band_key", band_key, "With bands: what that key is called.");
  }
};

class Catalogue final : public Step {
 public:
  explicit Catalogue(const Options& options) : given_(options.read<CatalogueOptions>()) {
    std::vector<catalog::KeyName> names;
    for (const std::string& key : catalogue_keys()) names.push_back({key, ""});
    try {
      catalog::check_key_names(names);
    } catch (const Error& error) {
      throw options.wrong("keys", "'keys': {}", error.message());
    }
  }

  std::vector<std::string> wants() const override { return given_.keys; }

  std::vector<std::string> catalogue_keys() const override {
    auto keys = given_.keys;
    if (!given_.bands.empty()) keys.push_back(given_.band_key);
    return keys;
  }

  void plan(Item& item, const Tools& tools, const Context& context) const override {
    for (auto& record : records(item, tools, context))
      item.publication.records.push_back(std::move(record));
  }

  void run(Item& item, const Tools& tools, const Context& context) const override {
    for (auto& record : records(item, tools, context)) {
      record.metadata = described(item, record.band, tools, context);
      item.publication.records.push_back(std::move(record));
    }
  }

 private:
  std::vector<catalog::Record> records(Item& item, const Tools& tools,
                                       const Context& context) const {
    catalog::Keys keys;
    for (const std::string& name : given_.keys)
      keys.push_back(item.attributes.find(name)->second);
    if (given_.bands.empty()) return {{keys, location_of(item), 1}};
    std::vector<catalog::Record> records;
    const auto bands = band_count(item, tools, context);
    for (const std::string& value : given_.bands) {
      if (records.size() == bands) break;
      records.push_back({keys, location_of(item), static_cast<int>(records.size()) + 1});
      records.back().keys.push_back(value);
    }
    return records;
  }

  CatalogueOptions given_;
};

}  // namespace

extern const StepKind step_catalogue;
const StepKind step_catalogue{
    .name = "catalogue",
    .summary = "Enters records into the catalogue, which is what the map shows.",
    .schema = json_schema<CatalogueOptions>,
    .make = [](const Options& options) -> std::unique_ptr<const Step> {
      return std::make_unique<Catalogue>(options);
    },
};

}  // namespace terrazzo::pipeline
