#include "export/module_tree.hpp"

#include <fmt/format.h>

#include "dha/error.hpp"

namespace dha {

namespace {

constexpr int kIndentation = 4;

// Keywords of Python, and attributes of torch.nn.Module, which a module of the same name would hide or break; each
// between spaces.
constexpr std::string_view kTaken =
    " False None True and as assert async await break class continue def del elif else except finally for "
    "from global if import in is lambda nonlocal not or pass raise return try while with yield self "
    "training train eval forward apply half float double bfloat16 type to to_empty cpu cuda xpu ipu mtia "
    "buffers parameters modules children compile named_buffers named_children named_modules "
    "named_parameters add_module state_dict load_state_dict zero_grad requires_grad_ share_memory "
    "extra_repr get_buffer get_parameter get_submodule set_submodule get_extra_state set_extra_state "
    "dump_patches call_super_init T_destination image_scale image_offset ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of letters, digits and "_", which graph_check.hpp has made sure of.
bool is_identifier(const std::string& name) { return !name.empty() && !is_digit(name.front()); }

bool is_taken(const std::string& name) {
  return name.starts_with("__") || name.starts_with("register_") ||
         kTaken.find(" " + name + " ") != std::string_view::npos;
}

// The first part of a dotted name, which is removed from it.
std::string next_part(std::string_view& path) {
  const size_t dot = path.find('.');
  const std::string part(path.substr(0, dot));
  path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  return part;
}

[[noreturn]] void refuse(std::string_view path, const std::string& why) {
  throw Error(ErrorCode::kInvalidConfig, fmt::format("the weights of '{}' have a name that {}", path, why));
}

}  // namespace

ModuleTree* ModuleTree::child(std::string_view name) {
  return const_cast<ModuleTree*>(static_cast<const ModuleTree*>(this)->child(name));
}

const ModuleTree* ModuleTree::child(std::string_view name) const {
  for (const auto& [own, tree] : children_)
    if (own == name) return &tree;
  return nullptr;
}

void ModuleTree::add(std::string_view path, const std::string& constructor, bool is_buffer) {
  ModuleTree* tree = this;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string name = next_part(rest);
    if (is_taken(name)) refuse(path, fmt::format("a Python module cannot have: '{}' means something else there", name));
    if (tree == this && !is_identifier(name)) refuse(path, "begins with a digit, which a Python module cannot have");
    if (!tree->constructor_.empty()) refuse(path, "continues that of other weights");
    ModuleTree* next = tree->child(name);
    if (next == nullptr) next = &tree->children_.emplace_back(name, ModuleTree()).second;
    tree = next;
  }
  if (!tree->constructor_.empty() || !tree->children_.empty()) refuse(path, "other weights have too");
  tree->constructor_ = constructor;
  tree->is_buffer_ = is_buffer;
}

ModuleTree::Kind ModuleTree::kind() const {
  bool are_identifiers = true, are_positions = true;
  for (size_t i = 0; i < children_.size(); ++i) {
    are_identifiers = are_identifiers && is_identifier(children_[i].first);
    are_positions = are_positions && children_[i].first == std::to_string(i);
  }
  return are_identifiers ? Kind::kParts : are_positions ? Kind::kList : Kind::kDictionary;
}

std::string ModuleTree::access(std::string_view path) const {
  std::string text = "self";
  const ModuleTree* tree = this;
  while (!path.empty()) {
    const std::string name = next_part(path);
    const Kind own = tree == this ? Kind::kParts : tree->kind();
    text += own == Kind::kParts ? "." + name : own == Kind::kList ? "[" + name + "]" : "[\"" + name + "\"]";
    tree = tree->child(name);
  }
  return text;
}

std::string ModuleTree::expression(int indentation) const {
  if (!constructor_.empty()) return constructor_;
  const Kind own = kind();
  const std::string inner(static_cast<size_t>(indentation + kIndentation), ' ');
  std::string text = own == Kind::kParts ? "Parts(\n" : own == Kind::kList ? "nn.ModuleList([\n" : "nn.ModuleDict({\n";
  for (const auto& [name, tree] : children_) {
    if (tree.is_buffer_ && own != Kind::kParts) refuse(name, "is among names that are numbers");
    text += inner + (own == Kind::kParts ? name + "=" : own == Kind::kList ? "" : "\"" + name + "\": ");
    text += tree.expression(indentation + kIndentation) + ",\n";
  }
  return text + std::string(static_cast<size_t>(indentation), ' ') +
         (own == Kind::kParts  ? ")"
          : own == Kind::kList ? "])"
                               : "})");
}

std::string ModuleTree::statements(int indentation) const {
  const std::string before(static_cast<size_t>(indentation), ' ');
  std::string text;
  for (const auto& [name, tree] : children_) {
    if (tree.is_buffer_)
      text += fmt::format("{}self.register_buffer(\"{}\", {})\n", before, name, tree.constructor_);
    else
      text += fmt::format("{}self.{} = {}\n", before, name, tree.expression(indentation));
  }
  return text;
}

}  // namespace dha
