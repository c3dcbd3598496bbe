#include "notation.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"

namespace dha::nb201 {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kExample =
    "such as '|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|'";

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidParameter, what); }

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 120) text = text.substr(0, 117) + "...";
  return text;
}

Operation find_operation(const std::string& text, size_t edge) {
  const auto& names = operation_names();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<Operation>(found - names.begin());
  const std::string near = nearest(text, names);
  std::string known;
  for (const std::string& one : names) known += (known.empty() ? "'" : ", '") + one + "'";
  refuse("the architecture names the operation '" + text + "' on the edge from node " +
         std::to_string(kEdges[edge].from) + " to node " + std::to_string(kEdges[edge].to) + ", which is unknown" +
         (near.empty() ? "; known are " + known : "; did you mean '" + near + "'?"));
}

// Reads a cell's text from left to right.
class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  void expect(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) fail();
    ++at_;
  }

  std::string until(char end) {
    const size_t found = text_.find(end, at_);
    if (found == std::string::npos) fail();
    const std::string part = text_.substr(at_, found - at_);
    at_ = found + 1;
    return part;
  }

  void expect_end() const {
    if (at_ != text_.size()) fail();
  }

  [[noreturn]] void fail() const {
    refuse("the architecture's 'cell' departs at character " + std::to_string(at_ + 1) +
           " from the benchmark's notation, " + kExample + ", found " + shown(Json(text_)));
  }

 private:
  const std::string& text_;
  size_t at_ = 0;
};

Cell parse_cell(const std::string& text) {
  Reader reader(text);
  Cell cell{};
  for (size_t i = 0; i < kEdges.size(); ++i) {
    const bool begins_node = kEdges[i].from == 0;
    if (begins_node && i > 0) reader.expect('+');
    if (begins_node) reader.expect('|');
    cell[i] = find_operation(reader.until('~'), i);
    if (reader.until('|') != std::to_string(kEdges[i].from)) reader.fail();
  }
  reader.expect_end();
  return cell;
}

}  // namespace

const std::vector<std::string>& operation_names() {
  static const std::vector<std::string> names{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  return names;
}

const std::string& name(Operation operation) { return operation_names()[static_cast<size_t>(operation)]; }

Cell parse_architecture(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) refuse("the architecture is not JSON text, found " + shown(Json(text)));
  if (!json.is_object() || json.size() != 1 || !json.contains("cell") || !json["cell"].is_string())
    refuse("the architecture must be an object with the one key 'cell', whose value is the benchmark's text, " +
           std::string(kExample) + ", found " + shown(json));
  return parse_cell(json["cell"].get<std::string>());
}

std::string print_architecture(const Cell& cell) {
  std::string text;
  for (size_t i = 0; i < kEdges.size(); ++i) {
    if (kEdges[i].from == 0) text += i == 0 ? "|" : "+|";
    text += name(cell[i]) + "~" + std::to_string(kEdges[i].from) + "|";
  }
  return Json{{"cell", text}}.dump();
}

}  // namespace dha::nb201
