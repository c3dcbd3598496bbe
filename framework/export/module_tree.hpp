// The modules of a torch.nn.Module by the dotted names of its weights, as Python text.
//
// Containers become Parts (named parts; the generated file defines it), nn.ModuleList or nn.ModuleDict.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dha {

class ModuleTree {
 public:
  // `path`: "node0.from1.norm"; `constructor`: the Python expression that makes the module. `is_buffer`: it makes a
  // tensor, which is registered as a buffer. Throws Error{kInvalidConfig} if there is no place for it.
  void add(std::string_view path, const std::string& constructor, bool is_buffer = false);

  // The expression for what was added at `path`: "self.node0.from1.norm", "self.downsample[0]".
  std::string access(std::string_view path) const;

  // Statements of the constructor, each indented by `indentation` spaces and ending in a new line.
  std::string statements(int indentation) const;

 private:
  enum class Kind { kParts, kList, kDictionary };

  Kind kind() const;
  std::string expression(int indentation) const;
  ModuleTree* child(std::string_view name);
  const ModuleTree* child(std::string_view name) const;

  std::string constructor_;  // of a module or buffer; empty for a container
  bool is_buffer_ = false;
  std::vector<std::pair<std::string, ModuleTree>> children_;
};

}  // namespace dha
