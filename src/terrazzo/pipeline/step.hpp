#pragma once
// A step of a pipeline. To add one, put one file into steps/.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/kinds.hpp"
#include "terrazzo/io/raster.hpp"
#include "terrazzo/pipeline/item.hpp"
#include "terrazzo/pipeline/options.hpp"

namespace terrazzo::pipeline {

// What every step may use.
struct Tools {
  const io::RasterOpener& opener;
  std::string outputs{};  // folder or prefix that published files lie in
};

// Immutable; one step works on many items at once.
class Step {
 public:
  virtual ~Step() = default;

  // Attributes it needs of an item, and those it adds. Looked at before any work.
  virtual std::vector<std::string> wants() const { return {}; }
  virtual std::vector<std::string> gives() const { return {}; }
  // Keys of the catalogue that it writes; empty: it writes no records.
  virtual std::vector<std::string> catalogue_keys() const { return {}; }

  // Does its part; sets item.skipped if there is nothing to be done with this one.
  // Changes nothing outside the item and its files aside: what is to be seen goes into
  // item.outputs and item.publication.
  // Throws Error: the item fails; its kind says whether trying again may help.
  virtual void run(Item& item, const Tools& tools, const Context& context) const = 0;

  // As much of run() as can be told without making anything: outputs and keys are named,
  // files are not made. Throws what run() would.
  virtual void plan(Item& item, const Tools& tools, const Context& context) const = 0;
};

struct StepKind {
  static constexpr std::string_view what = "step";
  std::string_view name;     // "cog"
  std::string_view summary;  // one sentence
  Json (*schema)();          // of its options
  // Throws invalid_input, with the place: an option is wrong.
  std::unique_ptr<const Step> (*make)(const Options& options);
};

// One row for each file of steps/.
Kinds<StepKind> step_kinds();

// A template among the options; throws with its place. Empty text: none was given.
Template template_of(const Options& options, std::string_view name,
                     const std::string& text);

// The same for the name of a file that is published: it must hold {generation}, so that
// the file never changes under its name.
Template output_template_of(const Options& options, std::string_view name,
                            const std::string& text);

// Where the item's current file will be found. Throws invalid_input: it is published
// nowhere.
const std::string& location_of(const Item& item);

}  // namespace terrazzo::pipeline
