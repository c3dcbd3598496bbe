// A JSON value with its location, so that every message can name its source.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace dha {

// A file, or one --set of the command line.
struct Source {
  std::string name;                 // as the user knows it: "examples/dha.json", "--set seed=3"
  std::filesystem::path directory;  // what relative paths in it are relative to
};

// The start of a value. Lines and columns count from 1, columns in characters; line 0: the source as a whole.
struct SourceLocation {
  std::shared_ptr<const Source> source;
  int64_t line = 0, column = 0;
};

struct Member;

struct Node {
  enum class Type { kObject, kList, kScalar };

  Type type = Type::kScalar;
  SourceLocation location;
  std::vector<Member> members;  // of an object, in written order
  std::vector<Node> items;      // of a list
  std::string scalar = "null";  // JSON text of a scalar as written: 1e-4, "text", true
  bool removes = false;         // a null that took the place of an earlier value while merging

  bool is_object() const { return type == Type::kObject; }
  bool is_list() const { return type == Type::kList; }
  bool is_null() const { return type == Type::kScalar && scalar == "null"; }
  bool is_text() const { return type == Type::kScalar && scalar.front() == '"'; }

  // The member of that name, or null if this is not an object or has none.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);

  // find(), or null if the member is a null.
  const Node* given(std::string_view key) const;

  // The decoded text, or "" if this is not text.
  std::string text() const;

  // The text of member `key`, or "" if there is none.
  std::string text_of(std::string_view key) const;

  // Replaces the member of that name or adds it at the end. Only on an object.
  Node& set(std::string_view key, const SourceLocation& key_location, Node value);

  // Removes the member of that name, if any.
  void erase(std::string_view key);
};

struct Member {
  std::string key;
  SourceLocation location;  // of the key
  Node value;
};

nlohmann::ordered_json to_json(const Node& node);

// A name as one step of a JSON pointer.
std::string pointer_step(std::string_view name);

// The location of the value at a JSON pointer below `node`, or of its key if `of_key`. If the pointer goes beyond the
// value, the location of the last value on the way.
SourceLocation location_of(const Node& node, std::string_view pointer, bool of_key);

// The value at a JSON pointer below `node`, or null.
const Node* value_at(const Node& node, std::string_view pointer);

// `overlay` over `base`, recursively. Objects merge key by key, unless the overlay names another component by "use":
// then it replaces the whole base, as lists and scalars do. A null replaces the base's value and is marked as removing
// it.
Node merge(Node base, const Node& overlay);

// Removes every null that removed a value.
void drop_removed(Node& node);

}  // namespace dha
