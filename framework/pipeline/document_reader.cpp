#include "pipeline/document_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/utf8.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// A fault after which reading cannot go on.
struct SyntaxFault {
  SourceLocation location;
  std::string pointer, message;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '+' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class DocumentReader {
 public:
  DocumentReader(std::string_view text, const std::shared_ptr<const Source>& source, ProblemList& problems)
      : text_(text), source_(source), problems_(problems) {}

  Node document() {
    check_encoding();
    skip();
    if (at_end()) fail("is empty; expected a JSON object");
    Node root = value();
    skip();
    if (!at_end()) fail("must end after its object, found " + shown());
    return root;
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  bool starts_with(std::string_view token) const { return text_.substr(at_, token.size()) == token; }

  SourceLocation location() const {
    const std::string_view before = text_.substr(line_start_, at_ - line_start_);
    const auto characters =
        std::count_if(before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; });
    return {source_, line_, characters + 1};
  }

  std::string pointer() const {
    std::string all;
    for (const std::string& step : steps_) all += step;
    return all;
  }

  [[noreturn]] void fail(const std::string& message) const { throw SyntaxFault{location(), pointer(), message}; }

  // The word or character that stands here, for a message.
  std::string shown() const {
    if (at_end()) return "the end of the file";
    size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == at_) end = at_ + 1;
    if (end - at_ > 40) return "a long word";
    return "'" + std::string(text_.substr(at_, end - at_)) + "'";
  }

  void check_encoding() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") fail("begins with a byte order mark; save the file as UTF-8 without one");
    if (text_.substr(0, 2) == "\xFF\xFE" || text_.substr(0, 2) == "\xFE\xFF")
      fail("is encoded as UTF-16; save the file as UTF-8");
    for (; !at_end(); ++at_) {
      const size_t length = code_point_at(text_.substr(at_)).bytes;
      if (length == 0) fail("has a byte that is not valid UTF-8; save the file as UTF-8");
      if (text_[at_] == '\n') new_line();
      at_ += length - 1;
    }
    at_ = line_start_ = 0;
    line_ = 1;
  }

  void new_line() {
    ++line_;
    line_start_ = at_ + 1;
  }

  // Passes white space and comments.
  void skip() {
    while (!at_end()) {
      if (is_space(text_[at_])) {
        if (text_[at_] == '\n') new_line();
        ++at_;
      } else if (starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (starts_with("/*")) {
        block_comment();
      } else {
        return;
      }
    }
  }

  void block_comment() {
    const size_t end = text_.find("*/", at_ + 2);
    if (end == text_.npos) fail("has a comment that begins here and is not closed; add '*/'");
    for (; at_ < end; ++at_)
      if (text_[at_] == '\n') new_line();
    at_ = end + 2;
  }

  Node value() {
    if (at_end()) fail("has no value: the file ends here");
    if (text_[at_] == '{') return object();
    if (text_[at_] == '[') return list();
    Node node;
    node.location = location();
    node.scalar = text_[at_] == '"' ? text_token() : word_token();
    return node;
  }

  Node object() {
    Node node = open(Node::Type::kObject);
    for (skip(); !closes(node, '}'); skip()) {
      const SourceLocation key_location = location();
      if (at_end()) fail_open(node, '}');
      if (text_[at_] != '"') fail("must have keys in double quotes, found " + shown());
      const std::string key = Json::parse(text_token()).get<std::string>();
      steps_.push_back(pointer_step(key));
      skip();
      if (at_end() || text_[at_] != ':') fail("must be followed by ':', found " + shown());
      ++at_;
      skip();
      add_member(node, key, key_location, value());
      steps_.pop_back();
      separator(node, '}');
    }
    --depth_;
    return node;
  }

  void add_member(Node& node, const std::string& key, const SourceLocation& key_location, Node value) {
    const auto first =
        std::find_if(node.members.begin(), node.members.end(), [&](const Member& member) { return member.key == key; });
    if (first == node.members.end()) {
      node.members.push_back({key, key_location, std::move(value)});
      return;
    }
    problems_.report(key_location, pointer(),
                     "is given twice; the first is at line " + std::to_string(first->location.line) + ", column " +
                         std::to_string(first->location.column));
  }

  Node list() {
    Node node = open(Node::Type::kList);
    for (skip(); !closes(node, ']'); skip()) {
      if (at_end()) fail_open(node, ']');
      steps_.push_back("/" + std::to_string(node.items.size()));
      node.items.push_back(value());
      steps_.pop_back();
      separator(node, ']');
    }
    --depth_;
    return node;
  }

  Node open(Node::Type type) {
    if (++depth_ > kDepthLimit) fail("is nested more than " + std::to_string(kDepthLimit) + " deep");
    Node node;
    node.type = type;
    node.location = location();
    ++at_;
    return node;
  }

  // Passes the closing bracket if it stands here.
  bool closes(const Node& node, char bracket) {
    if (at_end() || text_[at_] != bracket) return false;
    if (after_comma_ && !(node.members.empty() && node.items.empty()))
      fail(std::string("has a comma before its '") + bracket + "'; remove the comma");
    ++at_;
    return true;
  }

  // Passes the comma after a member or item; a closing bracket is left for closes().
  void separator(const Node& node, char bracket) {
    skip();
    if (at_end()) fail_open(node, bracket);
    after_comma_ = text_[at_] == ',';
    if (after_comma_)
      ++at_;
    else if (text_[at_] != bracket)
      fail(std::string("must continue with ',' or '") + bracket + "', found " + shown());
  }

  [[noreturn]] void fail_open(const Node& node, char bracket) const {
    fail("is not closed: the file ends here; add the '" + std::string(1, bracket) + "' that belongs to line " +
         std::to_string(node.location.line) + ", column " + std::to_string(node.location.column));
  }

  // The text that begins here, with its quotes.
  std::string text_token() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size() || text_[end] == '\n') fail("has text that is not closed on its line; add '\"'");
    const std::string token(text_.substr(at_, end + 1 - at_));
    if (std::any_of(token.begin(), token.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
      fail("has a control character in its text; write it as an escape such as \\t");
    if (!Json::accept(token))
      fail("has an invalid escape in its text; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u1234");
    at_ = end + 1;
    return token;
  }

  // A number, true, false or null.
  std::string word_token() {
    size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string token(text_.substr(at_, end - at_));
    try {
      const Json checked = Json::parse(token);
    } catch (const Json::out_of_range&) {
      fail("must be finite, found " + token + ", which is too large for a double");
    } catch (const Json::parse_error&) {
      fail_word(token);
    }
    at_ = end;
    return token;
  }

  [[noreturn]] void fail_word(const std::string& token) const {
    std::string lower;
    for (const char c : token) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::string word =
        lower.substr(lower.find_first_not_of("+-") == lower.npos ? 0 : lower.find_first_not_of("+-"));
    if (word == "nan" || word == "inf" || word == "infinity") fail("must be finite, found " + token);
    if (lower == "true" || lower == "false" || lower == "null")
      fail("must be a value, found " + shown() + "; write '" + lower + "'");
    const bool like_number = !token.empty() && (std::isdigit(static_cast<unsigned char>(token[0])) != 0 ||
                                                std::string_view("+-.").find(token[0]) != std::string_view::npos);
    if (like_number) fail("must be a number as JSON writes it, found " + shown());
    fail("must be a value, found " + shown() + (token.empty() ? "" : "; put text in double quotes"));
  }

  std::string_view text_;
  const std::shared_ptr<const Source>& source_;
  ProblemList& problems_;
  size_t at_ = 0, line_start_ = 0;
  int64_t line_ = 1;
  int depth_ = 0;
  bool after_comma_ = false;
  std::vector<std::string> steps_;  // JSON pointer of what is being read
};

}  // namespace

Node read_document(std::string_view text, const std::shared_ptr<const Source>& source, ProblemList& problems) {
  try {
    return DocumentReader(text, source, problems).document();
  } catch (const SyntaxFault& fault) {
    problems.report(fault.location, fault.pointer, fault.message);
    return {};
  }
}

}  // namespace dha
