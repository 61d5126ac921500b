#include "terrazzo/raster/expression.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "terrazzo/raster/expression_program.hpp"

namespace terrazzo::raster {

using namespace expressions;

struct Expression::Program {
  Syntax syntax;
  std::vector<std::string> operands;
  double cost = 1;
};

namespace {

// A look at the context every so many blocks.
constexpr std::size_t blocks_between_checks = 64;

double cost_of(const Syntax& syntax, const Node& node) {
  switch (node.kind) {
    case Node::Kind::unary:
    case Node::Kind::compare:
      return 1;
    case Node::Kind::binary:
      if (node.word == "Pow") return 20;
      if (node.word == "Mod") return 8;
      return node.word == "Div" ? 8 : 1;
    case Node::Kind::call: {
      const FunctionFacts* facts = find_function(syntax.nodes[node.children[0]].word);
      return facts == nullptr ? 0 : facts->cost;
    }
    default:
      return 0;
  }
}

bool is_operand(const Node& node) {
  return node.kind == Node::Kind::name && find_constant(node.word) == nullptr &&
         find_function(node.word) == nullptr;
}

// The leaves of an expression in order of evaluation, up to what may not be there.
class Walk {
 public:
  explicit Walk(const Syntax& syntax) : syntax_(syntax) { visit(syntax.root, 0); }

  const std::vector<std::string>& names() const { return names_; }  // of operands
  const std::optional<Error>& fault() const { return fault_; }

 private:
  // False: ends here.
  bool visit(NodeId id, int depth) {
    const Node& node = syntax_.nodes[id];
    fault_ = fault_of(syntax_, node);
    if (fault_ || depth > deepest) return false;
    if (is_operand(node)) names_.push_back(node.word);
    return std::ranges::all_of(node.children,
                               [&](NodeId child) { return visit(child, depth + 1); });
  }

  static constexpr int deepest = 400;
  const Syntax& syntax_;
  std::vector<std::string> names_;
  std::optional<Error> fault_;
};

// The working memory of one run.
class Blocks {
 public:
  Blocks(const expressions::Program& program, std::vector<const Image*> operands)
      : program_(program),
        operands_(std::move(operands)),
        values_(program.blocks * block_size),
        valid_(program.blocks * block_size, 1),
        blocks_(program.blocks) {
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      blocks_[i] = {values_.data() + i * block_size, valid_.data() + i * block_size};
    sources_.resize(blocks_.size());
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      sources_[i] = {blocks_[i].values, blocks_[i].valid};
    for (const Constant& one : program.constants) fill(one);
    own_result_ = blocks_[program.result];
  }

  // Computes the pixels first .. first + count and gives the result; where it
  // may be written in place, it is written to `out`, a whole block.
  Source run(std::size_t first, std::size_t count, const std::optional<Block>& out) {
    if (program_.result >= operands_.size() + program_.constants.size())
      place_result(out.value_or(own_result_));
    for (std::size_t i = 0; i < operands_.size(); ++i) load(i, first, count);
    for (const Step& step : program_.steps) {
      std::array<Source, 3> in;
      for (std::uint32_t k = 0; k < step.inputs; ++k) in[k] = sources_[step.in[k]];
      step.kernel(std::span<const Source>(in).first(step.inputs), blocks_[step.out],
                  count);
    }
    return sources_[program_.result];
  }

 private:
  // Whole blocks are read where they are; the last one is copied to be a whole one.
  void load(std::size_t operand, std::size_t first, std::size_t count) {
    const Image& image = *operands_[operand];
    const std::size_t size = size_of(image.type());
    const std::byte* values = image.bytes().data() + first * size;
    const std::uint8_t* valid = image.valid().data() + first;
    if (count == block_size) {
      sources_[operand] = {values, valid};
      return;
    }
    const Block& block = blocks_[operand];
    std::memcpy(block.values, values, count * size);
    std::memcpy(block.valid, valid, count);
    sources_[operand] = {block.values, block.valid};
  }

  void place_result(const Block& block) {
    blocks_[program_.result] = block;
    sources_[program_.result] = {block.values, block.valid};
  }

  void fill(const Constant& one) {
    with_number_type(one.type, [&](auto tag) {
      using T = StoredType<tag.value>;
      T value{};
      if constexpr (tag.value == NumberType::boolean)
        value = one.value.truth() ? 1 : 0;
      else if constexpr (std::is_integral_v<T>)
        value = static_cast<T>(one.value.integer);
      else
        value = rounded<tag.value>(one.value.number());
      std::fill_n(static_cast<T*>(blocks_[one.block].values), block_size, value);
    });
  }

  const expressions::Program& program_;
  std::vector<const Image*> operands_;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint8_t> valid_;
  std::vector<Block> blocks_;
  std::vector<Source> sources_;
  Block own_result_{};
};

// A block of values: what is not finite is not valid.
template <class T>
void hide_infinite(const T* values, std::uint8_t* valid) {
  if constexpr (std::is_floating_point_v<T>) {
    T finite[block_size];
    each([](T x) { return std::abs(x) <= std::numeric_limits<T>::max() ? T{1} : T{0}; },
         finite, values);
    restrict_valid(finite, valid);
  }
}

// The pixels of a whole block of `out`.
template <class T>
Block block_of(Image& out, std::size_t first) {
  return {out.values<T>().data() + first, out.valid().data() + first};
}

// Computes the pixels first .. first + count of `out`.
template <class T>
void run_block(Blocks& blocks, Image& out, std::size_t first, std::size_t count) {
  const Block to = block_of<T>(out, first);
  const bool is_whole = count == block_size;
  const Source result =
      blocks.run(first, count, is_whole ? std::optional{to} : std::nullopt);
  if (result.values != to.values) {
    std::copy_n(values_of<T>(result), count, values_of<T>(to));
    std::copy_n(result.valid, count, to.valid);
  }
  if (is_whole) return hide_infinite<T>(values_of<T>(to), to.valid);
  std::uint8_t valid[block_size] = {};
  std::copy_n(to.valid, count, valid);
  hide_infinite<T>(values_of<T>(result), valid);
  std::copy_n(valid, count, to.valid);
}

using Operands = std::map<std::string, const Image*, std::less<>>;

// Throws invalid_input: they differ in shape.
Shape shape_of(const Operands& operands) {
  if (operands.empty()) return {};
  const Image& first = *operands.begin()->second;
  for (const auto& [name, image] : operands)
    if (image->rows() != first.rows() || image->cols() != first.cols())
      throw invalid("operand '{}' has {} x {} pixels, operand '{}' has {} x {}", name,
                    image->rows(), image->cols(), operands.begin()->first, first.rows(),
                    first.cols());
  return {first.rows(), first.cols()};
}

}  // namespace

Expression Expression::parse(std::string_view text) {
  auto program = std::make_shared<Program>();
  program->syntax = syntax_of(text, text);
  const Syntax& syntax = program->syntax;
  double cost = 0;
  for (const Node& node : syntax.nodes) cost += cost_of(syntax, node);
  program->cost = std::max(1.0, cost);
  const Walk walk(syntax);
  // Behind an operand, what is wrong depends on whether there is one of that name.
  if (walk.names().empty() && walk.fault()) throw *walk.fault();
  if (walk.names().empty())
    program_of(syntax, {}, {});  // throws: there is no image in it
  const std::set<std::string> names(walk.names().begin(), walk.names().end());
  program->operands.assign(names.begin(), names.end());
  return Expression(std::move(program));
}

void Expression::check(const std::function<bool(const std::string&)>& given) const {
  const Walk walk(program_->syntax);
  for (const std::string& name : walk.names())
    if (!given(name)) throw invalid("unrecognized name '{}' in expression", name);
  if (walk.fault()) throw *walk.fault();
}

const std::vector<std::string>& Expression::operands() const noexcept {
  return program_->operands;
}

double Expression::cost_per_pixel() const noexcept { return program_->cost; }

Image Expression::run(const Operands& operands, const Context& context) const {
  context.check();
  const Shape shape = shape_of(operands);
  std::map<std::string, NumberType, std::less<>> types;
  std::vector<const Image*> images;
  for (const std::string& name : program_->operands) {
    const auto found = operands.find(name);
    if (found == operands.end()) continue;
    types.emplace(name, number_type(found->second->type()));
    images.push_back(found->second);
  }
  const expressions::Program program = program_of(program_->syntax, types, shape);
  Image out(element_type_of(program.type), 1, shape.rows, shape.cols);
  Blocks blocks(program, std::move(images));
  const std::size_t pixels = out.pixels();
  for (std::size_t first = 0, done = 0; first < pixels; first += block_size, ++done) {
    if (done % blocks_between_checks == 0) context.check();
    const std::size_t count = std::min(block_size, pixels - first);
    with_type(out.type(),
              [&](auto one) { run_block<decltype(one)>(blocks, out, first, count); });
  }
  return out;
}

}  // namespace terrazzo::raster
