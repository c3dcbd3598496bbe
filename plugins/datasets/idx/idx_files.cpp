#include "idx/idx_files.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "dha/error.hpp"
#include "idx/idx_name.hpp"
#include "shared/archive.hpp"
#include "shared/folder_search.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kData, what); }

struct IdxCandidate {
  IdxName name;
  fs::path path;
};

// The files in one folder whose names have one prefix.
struct IdxSet {
  fs::path folder;
  std::string prefix;  // as the first file has it
  std::map<std::pair<Split, IdxContent>, IdxCandidate> files;
};

// By prefix in lower case.
using IdxSets = std::map<std::string, IdxSet>;

void add(const fs::path& folder, const fs::path& file, IdxSets& sets) {
  const auto name = parse_idx_name(file.filename().string());
  if (!name) return;
  IdxSet& set = sets.try_emplace(lower_case(name->prefix), IdxSet{folder, name->prefix, {}}).first->second;
  const auto [place, is_new] = set.files.try_emplace({name->split, name->content}, IdxCandidate{*name, file});
  if (is_new) return;
  IdxCandidate& known = place->second;
  if (known.name.part != name->part)
    refuse(known.path.string() + " and " + file.string() + " both contain the " +
           (name->split == Split::kTest ? "test" : "validation") +
           " split of one set; move one of them, and what belongs to it, elsewhere");
  if (name->rank() < known.name.rank()) known = {*name, file};
}

IdxSets sets_in(const FolderListing& listing) {
  IdxSets sets;
  for (const std::string& file : listing.files) add(listing.path, listing.path / file, sets);
  for (const std::string& folder : listing.folders) {
    if (!parse_idx_name(folder)) continue;
    for (const std::string& file : list_folder(listing.path / folder).files)
      add(listing.path, listing.path / folder / file, sets);
  }
  return sets;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// What the search met.
struct Found {
  std::vector<IdxSet> sets;
  std::vector<fs::path> archives;
  std::vector<std::string> names;  // of the folder where the search began
};

Found search(const fs::path& path) {
  Found found;
  walk_folders(path, [&](const FolderListing& listing) {
    const IdxSets sets = sets_in(listing);
    for (const auto& [key, set] : sets) found.sets.push_back(set);
    for (const std::string& file : listing.files)
      if (!unpack_command(file).empty()) found.archives.push_back(listing.path / file);
    if (listing.path == path) {
      found.names = listing.files;
      found.names.insert(found.names.end(), listing.folders.begin(), listing.folders.end());
    }
    return !sets.empty();
  });
  return found;
}

[[noreturn]] void refuse_file(const fs::path& path) {
  if (!unpack_command(path).empty())
    refuse(path.string() + " is an archive, and archives are not read; " + unpack_advice(path, path));
  refuse(path.string() + " is a file, expected the folder of the IDX files; set 'path' to " +
         path.parent_path().string());
}

[[noreturn]] void refuse_nothing(const fs::path& path, Found found) {
  const std::string lacks = path.string() + " has no IDX files such as " +
                            usual_idx_name("", "train", IdxContent::kImages) + "[.gz], up to three folders deep";
  if (!found.archives.empty())
    refuse(lacks + ", but the archive " + found.archives.front().string() + ", and archives are not read; " +
           unpack_advice(found.archives.front(), path));
  constexpr size_t kMostNamed = 4;
  const size_t more = found.names.size() > kMostNamed ? found.names.size() - kMostNamed : 0;
  found.names.resize(found.names.size() - more);
  refuse(
      lacks + "; it contains " + (found.names.empty() ? "nothing" : joined(found.names)) +
      (more > 0 ? " and " + std::to_string(more) + " more" : "") +
      "; set 'path' to the folder of the images and labels, give the files such names, or fetch the set in this form");
}

// The set that is meant: the only one, or the only one with that prefix.
IdxSet choose(std::vector<IdxSet> sets, const fs::path& path, const std::optional<std::string>& prefix) {
  std::vector<std::string> prefixes, folders;
  for (const IdxSet& set : sets)
    if (std::find(prefixes.begin(), prefixes.end(), quoted(set.prefix)) == prefixes.end())
      prefixes.push_back(quoted(set.prefix));
  if (prefix) {
    std::erase_if(sets, [&](const IdxSet& set) { return lower_case(set.prefix) != lower_case(*prefix); });
    if (sets.empty())
      refuse(path.string() + " has no IDX files with the prefix " + quoted(*prefix) + ", found " + joined(prefixes) +
             "; set 'prefix' to " + (prefixes.size() == 1 ? "it" : "one of these"));
  }
  if (sets.size() == 1) return sets.front();
  for (const IdxSet& set : sets)
    if (std::find(folders.begin(), folders.end(), set.folder.string()) == folders.end())
      folders.push_back(set.folder.string());
  if (folders.size() > 1)
    refuse(path.string() + " has IDX files in " + std::to_string(folders.size()) + " folders: " + joined(folders) +
           "; set 'path' to one of them, or move the files of a set into one folder");
  refuse(folders.front() + " has the IDX files of " + std::to_string(sets.size()) + " sets, which start with " +
         joined(prefixes) + "; set 'prefix' to one of these");
}

// Both files of a split; nothing where there is neither. Throws where one is missing.
std::optional<IdxPair> pair_of(const IdxSet& set, Split split) {
  const auto images = set.files.find({split, IdxContent::kImages});
  const auto labels = set.files.find({split, IdxContent::kLabels});
  if (images != set.files.end() && labels != set.files.end()) {
    if (images->second.name.part != labels->second.name.part)
      refuse(images->second.path.string() + " and " + labels->second.path.string() +
             " do not belong together; expected images and labels with the same start of the name");
    return IdxPair{images->second.path, labels->second.path, labels->second.name.dimensions};
  }
  if (images == set.files.end() && labels == set.files.end()) return std::nullopt;
  const bool lacks_labels = labels == set.files.end();
  const IdxCandidate& there = (lacks_labels ? images : labels)->second;
  refuse(set.folder.string() + " lacks " +
         usual_idx_name(set.prefix, there.name.part, lacks_labels ? IdxContent::kLabels : IdxContent::kImages) +
         "[.gz], which belongs to " + there.path.string() + "; add it" +
         (split == Split::kTrain ? "" : ", or move the latter elsewhere to ignore these images"));
}

}  // namespace

IdxFiles find_idx_files(const fs::path& path, const std::optional<std::string>& prefix) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) refuse_file(path);
  const Found found = search(path);
  if (found.sets.empty()) refuse_nothing(path, found);
  const IdxSet set = choose(found.sets, path, prefix);
  const std::optional<IdxPair> train = pair_of(set, Split::kTrain);
  if (!train)
    refuse(set.folder.string() + " lacks " + usual_idx_name(set.prefix, "train", IdxContent::kImages) + "[.gz] and " +
           usual_idx_name(set.prefix, "train", IdxContent::kLabels) + "[.gz]; add both, there must be training images");
  return {set.folder, set.prefix, *train, pair_of(set, Split::kValidation), pair_of(set, Split::kTest)};
}

}  // namespace dha::datasets
