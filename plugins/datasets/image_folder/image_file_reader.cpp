#include "image_folder/image_file_reader.hpp"

#include <filesystem>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/folder_content.hpp"
#include "image_folder/image_check.hpp"
#include "image_folder/image_file.hpp"
#include "image_folder/left_out.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

// Puts the file's name before what `read` says of it.
template <class Read>
auto with_name(const std::string& path, Read read) {
  try {
    return read();
  } catch (const UnreadableImage& error) {
    throw Error(ErrorCode::kData, shown(path) + " " + error.what());
  }
}

// Opening a pipe would wait for its writer.
void check_is_file(const fs::path& path) {
  std::error_code unknown;
  const fs::file_status status = fs::status(path, unknown);
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw UnreadableImage("is a folder, pipe, socket or device, not a file");
}

}  // namespace

FolderImages ImageFileReader::find(const std::string& folder) const try {
  const auto check_cancelled = [this] {
    if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "stopped while listing images");
  };
  LeftOut left_out;
  FolderImages images;
  for (const std::string& path : find_images_below(folder, "", check_cancelled, left_out).paths)
    images.paths.push_back((fs::path(folder) / path).native());
  for (const std::string& sentence : {left_out.about_files(), left_out.about_runs(), left_out.warning()})
    if (!sentence.empty()) images.left_out.push_back(shown(folder) + ": " + sentence);
  return images;
} catch (const fs::filesystem_error& error) {
  throw Error(ErrorCode::kData, "the images below " + shown(folder) + " cannot be listed: " + shown(error.path1()) +
                                    ": " + error.code().message() + "; check its permissions");
}

ImageSize ImageFileReader::size(const std::string& path) const {
  return with_name(path, [&] {
    check_is_file(path);
    const ImageCheck image = check_image(path, reading_);
    if (!image.missing_end.empty() && !reading_.accept_truncated) throw UnreadableImage(image.missing_end);
    return image.size;
  });
}

void ImageFileReader::read(const std::string& path, ImageSize size, const ImageRequest& request,
                           uint8_t* pixels) const {
  with_name(path, [&] { read_image(path, size, request, channels_, pixels, reading_); });
}

}  // namespace dha::datasets
