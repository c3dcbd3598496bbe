#include "imagenet/synsets.hpp"

#include <algorithm>
#include <vector>

#include "imagenet/mat_file.hpp"

namespace dha::datasets {

namespace {

SynsetNames read_elements(MatArray& array) {
  const std::vector<std::string> fields = array.read_field_names();
  const auto position = [&](const char* name) {
    const auto found = std::find(fields.begin(), fields.end(), name);
    if (found == fields.end()) array.fail("its struct array 'synsets' has no field " + std::string(name));
    return static_cast<size_t>(found - fields.begin());
  };
  const size_t id_at = position("ILSVRC2012_ID"), wnid_at = position("WNID");
  SynsetNames names;
  while (array.has_more()) {
    int64_t id = 0;
    std::string wnid;
    for (size_t field = 0; field < fields.size(); ++field) {
      const std::string_view bytes = array.next_array();
      if (field == id_at) id = array.open(bytes).read_number();
      if (field == wnid_at) wnid = array.open(bytes).read_text();
    }
    names.emplace(id, std::move(wnid));
  }
  return names;
}

}  // namespace

SynsetNames read_synsets(const std::filesystem::path& path) {
  const MatFile file(path);
  MatArray array = file.find_struct("synsets");
  return read_elements(array);
}

}  // namespace dha::datasets
