#include "dha/plugin.hpp"
#include "image_folder/image_folder_dataset.hpp"

DHA_PLUGIN("image_folder", "1.0.0", "dha", "Apache-2.0",
           dha::component<dha::datasets::ImageFolderDataset>("dha.image_folder"))
