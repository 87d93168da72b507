interface ImportMetaEnv {
  readonly DESK_VERSION: string;
}
