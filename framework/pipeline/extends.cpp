#include "pipeline/extends.hpp"

#include <algorithm>

#include "pipeline/document_reader.hpp"
#include "pipeline/examples.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExamplePrefix = "dha:";

// Stages of the same name merge in place, new ones follow at the end.
void merge_stages(Node& base, const Node& overlay) {
  std::vector<bool> is_merged(base.items.size());
  for (const Node& stage : overlay.items) {
    const std::string name = stage.text_of("name");
    size_t i = 0;
    while (i < is_merged.size() && (name.empty() || is_merged[i] || base.items[i].text_of("name") != name)) ++i;
    if (i == is_merged.size()) {
      base.items.push_back(stage);
    } else {
      base.items[i] = merge(std::move(base.items[i]), stage);
      is_merged[i] = true;
    }
  }
  base.location = overlay.location;
}

Node merge_documents(Node base, const Node& overlay) {
  Node* stages = base.find("stages");
  const Node* own = overlay.find("stages");
  if (stages == nullptr || own == nullptr || !stages->is_list() || !own->is_list())
    return merge(std::move(base), overlay);
  merge_stages(*stages, *own);
  Node rest = overlay;
  rest.erase("stages");
  return merge(std::move(base), rest);
}

// One file and the files it extends, depth first.
class FileChain {
 public:
  explicit FileChain(ProblemList& problems) : problems_(problems) {}

  // `location`, `pointer`: where this file is named.
  Node read(const fs::path& file, const SourceLocation& location, const std::string& pointer) {
    std::error_code has_none;  // a pipe, say
    fs::path canonical = fs::weakly_canonical(file, has_none);
    if (has_none) canonical = file;
    if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) {
      problems_.report(location, pointer, "leads back to a file that is being read: " + chain_to(file));
      return {};
    }
    std::string text;
    if (!read_text(file, location, pointer, text)) return {};
    const auto source = std::make_shared<const Source>(Source{file.string(), fs::absolute(file).parent_path()});
    Node own = read_document(text, source, problems_);
    if (!problems_.empty()) return own;
    if (!own.is_object()) {
      problems_.report(own.location, "", "must be an object");
      return own;
    }
    open_.push_back(canonical);
    names_.push_back(file.string());
    Node merged = over_bases(file, own);
    open_.pop_back();
    names_.pop_back();
    return merged;
  }

 private:
  bool read_text(const fs::path& file, const SourceLocation& location, const std::string& pointer, std::string& text) {
    std::error_code ignored;
    std::string fault;
    if (!fs::exists(file, ignored))
      fault = "does not exist";
    else if (fs::is_directory(file, ignored))
      fault = "is a folder; name a file";
    try {
      if (fault.empty()) text = read_file(file);
    } catch (const Error& e) {
      fault = std::string("cannot be read: ") + e.what();
    }
    if (fault.empty()) return true;
    problems_.report(location, pointer,
                     pointer.empty() ? "file " + fault : "names " + file.string() + ", which " + fault);
    return false;
  }

  Node over_bases(const fs::path& file, Node& own) {
    Node merged;
    merged.type = Node::Type::kObject;
    merged.location = own.location;
    if (const Node* extends = own.find("extends"); extends != nullptr) {
      if (extends->is_list())
        for (size_t i = 0; i < extends->items.size(); ++i)
          add_base(merged, file, extends->items[i], "/extends/" + std::to_string(i));
      else
        add_base(merged, file, *extends, "/extends");
    }
    own.erase("extends");
    own.erase("$schema");
    return merge_documents(std::move(merged), own);
  }

  void add_base(Node& merged, const fs::path& file, const Node& name, const std::string& pointer) {
    const std::string base = name.text();
    if (base.empty()) {
      problems_.report(name.location, pointer, "must name a file, or be a list of files");
      return;
    }
    const fs::path base_file = base.starts_with(kExamplePrefix) ? example(base, name.location, pointer)
                                                                : (file.parent_path() / base).lexically_normal();
    if (base_file.empty()) return;
    const Node content = read(base_file, name.location, pointer);
    if (content.is_object()) merged = merge_documents(std::move(merged), content);
  }

  // Of "dha:NAME"; empty after a report where there is none.
  fs::path example(const std::string& base, const SourceLocation& location, const std::string& pointer) {
    const std::string name = base.substr(kExamplePrefix.size());
    const std::map<std::string, fs::path> examples = example_pipelines();
    if (const auto found = examples.find(name); found != examples.end()) return found->second;
    std::string known;
    for (const auto& [one, file] : examples) known += (known.empty() ? "" : ", ") + one;
    problems_.report(location, pointer,
                     "names '" + base + "', which is no example; " +
                         (known.empty() ? "no examples are installed with this program" : "there are " + known));
    return {};
  }

  std::string chain_to(const fs::path& file) const {
    std::string chain;
    for (const std::string& name : names_) chain += name + " -> ";
    return chain + file.string();
  }

  ProblemList& problems_;
  std::vector<fs::path> open_;      // files whose bases are being read, outermost first
  std::vector<std::string> names_;  // the same, as the user knows them
};

}  // namespace

Node read_with_bases(const fs::path& file, ProblemList& problems) {
  const auto source = std::make_shared<const Source>(Source{file.string(), fs::absolute(file).parent_path()});
  return FileChain(problems).read(file, SourceLocation{source, 0, 0}, "");
}

}  // namespace dha
