#include <algorithm>

#include "terrazzo/pipeline/described.hpp"

namespace terrazzo::pipeline {
namespace {

struct FootprintOptions {
  std::string collection{};
  std::string name = "{stem}";
  std::string time{};
  std::vector<std::string> attributes{};

  void fields(auto& f) {
    f("collection", collection, "The collection that the frame belongs to.", required());
    f("name", name, "What the frame is called in it.");
    f("time", time, "When it was taken, as ISO 8601: {date} if that is 1953-04-01.");
    f("attributes", attributes, "Attributes that the frame keeps; none: all.");
  }
};

std::string name_of(const Crs& crs) {
  const auto code = crs.epsg_code();
  return code ? fmt::format("EPSG:{}", *code) : crs.wkt();
}

class Footprint final : public Step {
 public:
  explicit Footprint(const Options& options)
      : given_(options.read<FootprintOptions>()),
        collection_(template_of(options, "collection", given_.collection)),
        name_(template_of(options, "name", given_.name)),
        time_(template_of(options, "time", given_.time)) {}

  std::vector<std::string> wants() const override {
    auto names = given_.attributes;
    for (const Template* text : {&collection_, &name_, &time_})
      for (auto& name : text->names()) names.push_back(name);
    return names;
  }

  void plan(Item& item, const Tools& /*tools*/,
            const Context& /*context*/) const override {
    item.publication.frames.push_back(frame(item));
  }

  void run(Item& item, const Tools& tools, const Context& context) const override {
    auto frame = this->frame(item);
    const auto& metadata = described(item, 1, tools, context);
    frame.footprint = metadata.convex_hull;
    frame.bounds = metadata.bounds;
    frame.crs = name_of(*tools.opener.open(item.current, 1, context)->info().crs);
    item.publication.frames.push_back(std::move(frame));
  }

 private:
  catalog::Frame frame(const Item& item) const {
    catalog::Frame frame{.collection = collection_.fill(item.attributes),
                         .name = name_.fill(item.attributes),
                         .uri = location_of(item),
                         .generation = item.attributes.find("generation")->second};
    for (const auto& [name, value] : item.attributes)
      if (keeps(name)) frame.attributes[name] = value;
    const auto time = time_.fill(item.attributes);
    if (!time.empty()) frame.time = time_from_iso(time);
    return frame;
  }

  bool keeps(const std::string& name) const {
    if (given_.attributes.empty()) return true;
    return std::ranges::find(given_.attributes, name) != given_.attributes.end();
  }

  FootprintOptions given_;
  Template collection_;
  Template name_;
  Template time_;
};

}  // namespace

extern const StepKind step_footprint;
const StepKind step_footprint{
    .name = "footprint",
    .summary =
        "Puts a frame into a collection: the outline of the valid pixels, in "
        "longitude and latitude, with attributes and time.",
    .schema = json_schema<FootprintOptions>,
    .make = [](const Options& options) -> std::unique_ptr<const Step> {
      return std::make_unique<Footprint>(options);
    },
};

}  // namespace terrazzo::pipeline
