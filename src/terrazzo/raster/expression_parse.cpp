#include <algorithm>

#include "terrazzo/raster/expression_syntax.hpp"

namespace terrazzo::raster::expressions {
namespace {

using Kind = Token::Kind;

// Three levels for each of the 200 brackets the tokens allow, and as much again.
constexpr int deepest = 1200;

struct BinarySign {
  std::string_view sign;
  std::string_view name;
  int level;  // binds tighter the higher
};

constexpr BinarySign binary_signs[] = {
    {"|", "BitOr", 0},   {"^", "BitXor", 1},    {"&", "BitAnd", 2}, {"<<", "LShift", 3},
    {">>", "RShift", 3}, {"+", "Add", 4},       {"-", "Sub", 4},    {"*", "Mult", 5},
    {"/", "Div", 5},     {"//", "FloorDiv", 5}, {"%", "Mod", 5},    {"@", "MatMult", 5},
};

constexpr std::pair<std::string_view, std::string_view> comparison_signs[] = {
    {"==", "Eq"}, {"!=", "NotEq"}, {"<", "Lt"}, {"<=", "LtE"}, {">", "Gt"}, {">=", "GtE"},
};

class Parser {
 public:
  Parser(std::string_view text, std::string_view whole)
      : whole_(whole), tokens_(tokens_of(text, whole)) {}

  Syntax run() {
    NodeId root = expression();
    if (is_sign(",")) {
      while (accept(","))
        if (!at_end()) expression();
      root = refused("Tuple");
    }
    if (!at_end()) fail();
    while (here().kind == Kind::line) ++at_;
    if (here().kind != Kind::end) fail();
    return {std::move(nodes_), root};
  }

 private:
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > deepest) parser_.fail();
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  [[noreturn]] void fail() const { throw not_valid(whole_); }

  const Token& here() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool at_end() const { return here().kind == Kind::line || here().kind == Kind::end; }
  bool is_sign(std::string_view sign) const {
    return here().kind == Kind::sign && here().text == sign;
  }
  bool is_word(std::string_view word) const {
    return here().kind == Kind::keyword && here().text == word;
  }
  bool accept(std::string_view sign) { return is_sign(sign) && ++at_ != 0; }
  bool accept_word(std::string_view word) { return is_word(word) && ++at_ != 0; }
  void expect(std::string_view sign) {
    if (!accept(sign)) fail();
  }
  void expect_word(std::string_view word) {
    if (!accept_word(word)) fail();
  }
  void expect_name() {
    if (here().kind != Kind::name) fail();
    ++at_;
  }

  NodeId add(Node node) {
    nodes_.push_back(std::move(node));
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  NodeId refused(std::string_view name, bool assignable = false) {
    return add({.word = std::string(name), .assignable = assignable});
  }
  bool assignable(NodeId node) const { return nodes_[node].assignable; }
  bool is_starred(NodeId node) const {
    return nodes_[node].kind == Node::Kind::refused && nodes_[node].word == "Starred";
  }

  NodeId expression() {
    const Deeper deeper(*this);
    if (accept_word("lambda")) {
      parameters();
      expect(":");
      expression();
      return refused("Lambda");
    }
    const NodeId value = disjunction();
    if (!accept_word("if")) return value;
    disjunction();
    expect_word("else");
    expression();
    return refused("IfExp");
  }

  // `and` binds tighter than `or`; either makes a BoolOp.
  NodeId disjunction() {
    const NodeId first = inversion();
    if (!is_word("and") && !is_word("or")) return first;
    while (accept_word("and") || accept_word("or")) inversion();
    return refused("BoolOp");
  }

  NodeId inversion() {
    const Deeper deeper(*this);
    if (!accept_word("not")) return comparison();
    const NodeId operand = inversion();
    return add({.kind = Node::Kind::unary, .word = "Not", .children = {operand}});
  }

  std::string_view comparison_operator() {
    for (const auto& [sign, name] : comparison_signs)
      if (accept(sign)) return name;
    if (accept_word("in")) return "In";
    if (accept_word("is")) return accept_word("not") ? "IsNot" : "Is";
    if (is_word("not") && next().kind == Kind::keyword && next().text == "in") {
      at_ += 2;
      return "NotIn";
    }
    return {};
  }

  NodeId comparison() {
    const NodeId left = operation(0);
    const std::string_view op = comparison_operator();
    if (op.empty()) return left;
    Node node{.kind = Node::Kind::compare, .word = std::string(op)};
    node.children = {left, operation(0)};
    while (!comparison_operator().empty()) {
      node.chained = true;
      operation(0);
    }
    return add(std::move(node));
  }

  const BinarySign* binary_sign() const {
    if (here().kind != Kind::sign) return nullptr;
    const auto* found = std::ranges::find(binary_signs, here().text, &BinarySign::sign);
    return found == std::end(binary_signs) ? nullptr : found;
  }

  // Operators of this level and tighter ones.
  NodeId operation(int level) {
    NodeId left = factor();
    while (const BinarySign* op = binary_sign()) {
      if (op->level < level) break;
      ++at_;
      const NodeId right = operation(op->level + 1);
      left = binary(op->name, left, right);
    }
    return left;
  }

  NodeId binary(std::string_view name, NodeId left, NodeId right) {
    return add({.kind = Node::Kind::binary,
                .word = std::string(name),
                .children = {left, right}});
  }

  NodeId factor() {
    const Deeper deeper(*this);
    constexpr std::pair<std::string_view, std::string_view> unary_signs[] = {
        {"-", "USub"},
        {"+", "UAdd"},
        {"~", "Invert"},
    };
    for (const auto& [sign, name] : unary_signs) {
      if (!accept(sign)) continue;
      const NodeId operand = factor();
      return add(
          {.kind = Node::Kind::unary, .word = std::string(name), .children = {operand}});
    }
    NodeId base = 0;
    if (accept_word("await")) {
      primary();
      base = refused("Await");
    } else {
      base = primary();
    }
    if (!accept("**")) return base;
    const NodeId exponent = factor();
    return binary("Pow", base, exponent);
  }

  NodeId primary() {
    NodeId value = atom();
    while (true) {
      if (accept(".")) {
        expect_name();
        value = refused("Attribute", true);
      } else if (accept("[")) {
        subscript();
        value = refused("Subscript", true);
      } else if (accept("(")) {
        value = call(value);
      } else {
        return value;
      }
    }
  }

  NodeId atom() {
    const Token& token = here();
    switch (token.kind) {
      case Kind::name:
        ++at_;
        return add({.kind = Node::Kind::name,
                    .word = std::string(token.text),
                    .assignable = true});
      case Kind::number:
        ++at_;
        return number(token);
      case Kind::text:
        return texts();
      case Kind::keyword:
        if (token.text != "True" && token.text != "False" && token.text != "None") fail();
        ++at_;
        return refused("Constant");
      case Kind::sign:
        break;
      case Kind::line:
      case Kind::end:
        fail();
    }
    if (accept("(")) return group();
    if (accept("[")) return list();
    if (accept("{")) return braces();
    expect("...");
    return refused("Constant");
  }

  NodeId number(const Token& token) {
    if (token.imaginary) return refused("Constant");
    if (token.too_large) return refused("integer over 127 bits");
    return add({.kind = Node::Kind::number, .number = token.number});
  }

  NodeId texts() {
    const bool bytes = here().bytes;
    bool formatted = false;
    for (; here().kind == Kind::text; ++at_) {
      if (here().bytes != bytes) fail();
      formatted = formatted || here().formatted;
    }
    return refused(formatted ? "JoinedStr" : "Constant");
  }

  // name := expression, or an expression.
  NodeId named() {
    if (here().kind == Kind::name && next().kind == Kind::sign && next().text == ":=") {
      at_ += 2;
      expression();
      return refused("NamedExpr");
    }
    return expression();
  }

  NodeId element() {
    if (!accept("*")) return named();
    const NodeId value = operation(0);
    return refused("Starred", assignable(value));
  }

  // More elements behind the first; true if all may be assigned to.
  bool elements(std::string_view closing, NodeId first) {
    bool all = assignable(first);
    while (accept(",")) {
      if (is_sign(closing)) break;
      all = assignable(element()) && all;
    }
    return all;
  }

  bool is_comprehension() const { return is_word("for") || is_word("async"); }

  void comprehension() {
    while (is_comprehension()) {
      accept_word("async");
      expect_word("for");
      targets();
      expect_word("in");
      disjunction();
      while (accept_word("if")) disjunction();
    }
  }

  NodeId made_of(NodeId first, std::string_view closing, std::string_view name) {
    if (is_starred(first)) fail();
    comprehension();
    expect(closing);
    return refused(name);
  }

  void targets() {
    do {
      accept("*");
      if (!assignable(operation(0))) fail();
    } while (accept(",") && !is_word("in"));
  }

  NodeId group() {
    if (accept(")")) return refused("Tuple", true);
    if (is_word("yield")) return yielded();
    const NodeId first = element();
    if (is_sign(",")) {
      const bool all = elements(")", first);
      expect(")");
      return refused("Tuple", all);
    }
    if (is_comprehension()) return made_of(first, ")", "GeneratorExp");
    if (is_starred(first)) fail();
    expect(")");
    return first;
  }

  NodeId yielded() {
    expect_word("yield");
    const bool from = accept_word("from");
    if (from) {
      expression();
    } else if (!is_sign(")")) {
      do {
        if (is_sign(")")) break;
        if (accept("*"))
          operation(0);
        else
          expression();
      } while (accept(","));
    }
    expect(")");
    return refused(from ? "YieldFrom" : "Yield");
  }

  NodeId list() {
    if (accept("]")) return refused("List", true);
    const NodeId first = element();
    if (is_comprehension()) return made_of(first, "]", "ListComp");
    const bool all = elements("]", first);
    expect("]");
    return refused("List", all);
  }

  NodeId braces() {
    if (accept("}")) return refused("Dict");
    if (is_sign("**")) return pairs();
    const NodeId first = element();
    if (is_sign(":")) {
      if (is_starred(first)) fail();
      expect(":");
      expression();
      if (is_comprehension()) return made_of(first, "}", "DictComp");
      if (accept(",")) return pairs();
      expect("}");
      return refused("Dict");
    }
    if (is_comprehension()) return made_of(first, "}", "SetComp");
    elements("}", first);
    expect("}");
    return refused("Set");
  }

  NodeId pairs() {
    do {
      if (is_sign("}")) break;
      if (accept("**")) {
        operation(0);
        continue;
      }
      expression();
      expect(":");
      expression();
    } while (accept(","));
    expect("}");
    return refused("Dict");
  }

  void subscript() {
    do {
      if (is_sign(":")) {
        slice();
      } else if (!is_starred(element()) && is_sign(":")) {
        slice();
      }
      if (is_sign("]")) break;
    } while (accept(",") && !is_sign("]"));
    expect("]");
  }

  // From its first colon.
  void slice() {
    for (int colons = 0; colons < 2 && accept(":"); ++colons)
      if (!is_sign(":") && !is_sign(",") && !is_sign("]")) expression();
  }

  NodeId call(NodeId function) {
    Node node{.kind = Node::Kind::call, .children = {function}};
    bool keyword = false;
    bool unpacked = false;
    while (!is_sign(")")) {
      if (accept("**")) {
        expression();
        unpacked = true;
      } else if (is_sign("*")) {
        if (unpacked) fail();
        ++at_;
        expression();
        node.children.push_back(refused("Starred"));
      } else if (here().kind == Kind::name && next().kind == Kind::sign &&
                 next().text == "=") {
        at_ += 2;
        expression();
        keyword = true;
      } else {
        if (keyword || unpacked) fail();
        node.children.push_back(argument(node.children.size() == 1));
      }
      if (!is_sign(")")) expect(",");
    }
    expect(")");
    return add(std::move(node));
  }

  // A generator without brackets of its own must be the only argument.
  NodeId argument(bool first) {
    const NodeId value = named();
    if (!is_comprehension()) return value;
    comprehension();
    if (!first || !is_sign(")")) fail();
    return refused("GeneratorExp");
  }

  // Those of a lambda, up to its colon.
  void parameters() {
    bool any = false;
    bool defaults = false;
    bool slash = false;
    bool star = false;
    while (!is_sign(":")) {
      if (accept("**")) {
        expect_name();
        accept(",");
        return;
      }
      if (is_sign("/")) {
        if (!any || slash || star) fail();
        slash = true;
        ++at_;
      } else if (is_sign("*")) {
        if (star) fail();
        star = true;
        ++at_;
        const bool bare = is_sign(",") && next().kind == Kind::name;
        if (!bare) expect_name();
      } else {
        expect_name();
        const bool optional = accept("=");
        if (optional) expression();
        if (!optional && defaults && !star) fail();
        defaults = defaults || optional;
      }
      any = true;
      if (!is_sign(":")) expect(",");
    }
  }

  std::string_view whole_;
  std::vector<Token> tokens_;
  std::vector<Node> nodes_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Syntax syntax_of(std::string_view text, std::string_view whole) {
  return Parser(text, whole).run();
}

}  // namespace terrazzo::raster::expressions
